package profiles

// ItemKinds lists the kinds of item.
func ItemKinds() []ItemKind {
	return []ItemKind{
		ItemConversation, ItemCallback, ItemCase, ItemComplaint, ItemSubscription, ItemOrder, ItemBilling, ItemDispute, ItemEntitlement,
	}
}

// ItemKindOf says which kind of item an event of the vocabulary opens, changes or ends; "" if none.
func ItemKindOf(name string) ItemKind { return moves[name].kind }
