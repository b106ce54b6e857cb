"""Histories of calls as released versions wrote them, and that today's workflows still agree with them."""
