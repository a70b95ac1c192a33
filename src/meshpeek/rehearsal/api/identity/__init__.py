"""Who asks, and what they may do: reviews, and the tokens of ServiceAccounts."""
