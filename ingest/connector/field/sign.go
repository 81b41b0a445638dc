package field

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
)

// Sign is "sha256=" and HMAC-SHA256 of the timestamp, a point and the body in hexadecimal.
func Sign(secret []byte, timestamp string, body []byte) string {
	mac := hmac.New(sha256.New, secret)
	mac.Write([]byte(timestamp + "."))
	mac.Write(body)
	return "sha256=" + hex.EncodeToString(mac.Sum(nil))
}
