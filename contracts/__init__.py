"""What crosses a boundary between the parts, by owner: events, commands, tokens, the bus's topology."""
