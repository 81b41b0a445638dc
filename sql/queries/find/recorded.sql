-- The observations with an event of a conversation, case, order or invoice of this id, the newest first, and what it is
-- the id of. An invoice has no column of its own: it is an event's record, or what its properties call invoice_id or, as
-- billing systems send an invoice itself, id.
--
-- contacts and money say whether those of conversations and cases, and of orders and invoices, are looked at, and from
-- when on (Unix milliseconds): what a reader may not see is not found by it either. It reads these columns of every
-- event of the workspace.
WITH
    {contacts:Bool} AND at >= fromUnixTimestamp64Milli({contacts_since:Int64}, 'UTC') AS contact,
    {money:Bool} AND at >= fromUnixTimestamp64Milli({money_since:Int64}, 'UTC') AS paid,
    contact AND conversation_id = {value:String} AS of_conversation,
    contact AND case_id = {value:String} AS of_case,
    paid AND order_id = {value:String} AS of_order,
    paid AND startsWith(name, 'invoice.') AND has([record_id, toString(query.invoice_id), toString(query.id)], {value:String}) AS of_invoice
SELECT
    observation,
    arraySort(groupUniqArrayArray(arrayFilter(x -> x != '', [
        if(of_conversation, 'conversation', ''), if(of_case, 'case', ''), if(of_order, 'order', ''), if(of_invoice, 'invoice', '')]))) AS kinds
FROM events
WHERE workspace = {workspace:String}
  AND (of_conversation OR of_case OR of_order OR of_invoice)
GROUP BY observation
ORDER BY max(at) DESC, observation
LIMIT {limit:UInt32}
