"""How fast, how late, how large: measured beside a floor on the same machine in the same minutes."""
