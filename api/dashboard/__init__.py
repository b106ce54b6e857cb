"""The dashboard: pages for people, rendered here; one more dialect without logic of its own."""
