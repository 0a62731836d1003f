"""gateway: the edge (limits, routing, composing) and the web portal."""
