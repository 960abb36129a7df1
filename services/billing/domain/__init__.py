"""The rules of billing: what energy costs, what is owed, how customers are reached."""
