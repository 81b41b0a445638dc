-- The beginning of what customers wrote in some conversations, at any time.
SELECT
    toString(source) AS told_by, conversation_id,
    substringUTF8(arrayStringConcat(arrayMap(x -> x.3,
        groupArraySortedIf(20)((at, message_id, substringUTF8(text, 1, {text_characters:UInt32})), text != '' AND author_role IN ('', 'customer'))), ' \n '), 1, {text_characters:UInt32}) AS said
FROM events
WHERE workspace = {workspace:String}
  AND conversation_id IN {conversations:Array(String)}
GROUP BY source, conversation_id
