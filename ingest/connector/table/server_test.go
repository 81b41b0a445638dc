//go:build databases

package table

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"strconv"
	"syscall"
	"testing"
	"time"
)

// server is a database of the test's own, in a temporary folder, reached by a socket in it.
type server struct {
	kind, dsn string
	db        *sql.DB // of the test, which writes
	process   *exec.Cmd
	folder    string
}

var servers = map[string]*server{}

func TestMain(m *testing.M) {
	code := 1
	for kind, start := range map[string]func(*server) error{Postgres: startPostgres, MySQL: startMariaDB} {
		s := &server{kind: kind}
		servers[kind] = s
		if err := s.start(start); err != nil {
			fmt.Fprintf(os.Stderr, "%s: %v\n(Debian: apt-get install postgresql mariadb-server)\n", kind, err)
			stopAll()
			os.Exit(code)
		}
	}
	code = m.Run()
	stopAll()
	os.Exit(code)
}

func stopAll() {
	for _, s := range servers {
		s.stop()
	}
}

func (s *server) start(start func(*server) error) (err error) {
	if s.folder, err = os.MkdirTemp("", "table"); err != nil {
		return err
	}
	if err := start(s); err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(context.Background(), 3*time.Minute)
	defer cancel()
	for {
		if err = s.db.PingContext(ctx); err == nil {
			return nil
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("does not come up: %w", err)
		case <-time.After(50 * time.Millisecond):
		}
	}
}

// stop ends the process that start has started, and no other.
func (s *server) stop() {
	if s.db != nil {
		_ = s.db.Close()
	}
	if s.process != nil && s.process.Process != nil {
		_ = s.process.Process.Signal(syscall.SIGINT)
		if s.kind == MySQL {
			_ = s.process.Process.Signal(syscall.SIGTERM)
		}
		_ = s.process.Wait()
	}
	_ = os.RemoveAll(s.folder)
}

// program finds a server's program in the path or where Debian has it.
func program(name, elsewhere string) (string, error) {
	if path, err := exec.LookPath(name); err == nil {
		return path, nil
	}
	found, _ := filepath.Glob(elsewhere)
	if len(found) == 0 {
		return "", fmt.Errorf("%s is not installed", name)
	}
	return found[len(found)-1], nil
}

// command is a command that, run by root, runs as another user: PostgreSQL refuses to be root.
func (s *server) command(name string, args ...string) (*exec.Cmd, error) {
	c := exec.Command(name, args...)
	c.Dir = s.folder
	if os.Getuid() != 0 {
		return c, nil
	}
	other, err := user.Lookup("postgres")
	if err != nil {
		return nil, err
	}
	uid, errUID := strconv.Atoi(other.Uid)
	gid, errGID := strconv.Atoi(other.Gid)
	if err := errors.Join(errUID, errGID, os.Chown(s.folder, uid, gid)); err != nil {
		return nil, err
	}
	c.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}}
	return c, nil
}

func startPostgres(s *server) error {
	initdb, err := program("initdb", "/usr/lib/postgresql/*/bin/initdb")
	if err != nil {
		return err
	}
	data := filepath.Join(s.folder, "data")
	create, err := s.command(initdb, "-D", data, "-U", "tester", "-A", "trust", "--no-sync", "-E", "UTF8", "--locale=C")
	if err != nil {
		return err
	}
	if out, err := create.CombinedOutput(); err != nil {
		return fmt.Errorf("initdb: %w: %s", err, out)
	}
	s.process, err = s.command(filepath.Join(filepath.Dir(initdb), "postgres"), "-D", data, "-k", s.folder, "-c", "listen_addresses=", "-c", "fsync=off")
	if err != nil {
		return err
	}
	if err := s.process.Start(); err != nil {
		return err
	}
	s.dsn = fmt.Sprintf("host=%s user=tester dbname=postgres", s.folder)
	s.db, err = sql.Open("pgx", s.dsn)
	return err
}

func startMariaDB(s *server) error {
	install, err := program("mariadb-install-db", "/usr/bin/mysql_install_db")
	if err != nil {
		return err
	}
	mariadbd, err := program("mariadbd", "/usr/sbin/mariadbd")
	if err != nil {
		return err
	}
	data, socket := filepath.Join(s.folder, "data"), filepath.Join(s.folder, "socket")
	as := "--user=" + os.Getenv("USER")
	if os.Getuid() == 0 {
		as = "--user=root"
	}
	create := exec.Command(install, "--no-defaults", "--datadir="+data, "--auth-root-authentication-method=normal", "--skip-test-db", as)
	if out, err := create.CombinedOutput(); err != nil {
		return fmt.Errorf("mariadb-install-db: %w: %s", err, out)
	}
	s.process = exec.Command(mariadbd, "--no-defaults", "--datadir="+data, "--socket="+socket, "--pid-file="+filepath.Join(s.folder, "pid"), "--skip-networking", as)
	if err := s.process.Start(); err != nil {
		return err
	}
	s.dsn = "root@unix(" + socket + ")/test?multiStatements=true"
	open := func(name string) (*sql.DB, error) {
		return sql.Open("mysql", "root@unix("+socket+")/"+name+"?multiStatements=true&parseTime=true")
	}
	if s.db, err = open(""); err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(context.Background(), 3*time.Minute)
	defer cancel()
	for {
		if _, err = s.db.ExecContext(ctx, "CREATE DATABASE IF NOT EXISTS test"); err == nil {
			break
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("does not come up: %w", err)
		case <-time.After(50 * time.Millisecond):
		}
	}
	_ = s.db.Close()
	s.db, err = open("test")
	return err
}
