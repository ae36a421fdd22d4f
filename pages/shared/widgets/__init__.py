"""Elements that several pages use: hit cards, charts, the map, progress, model choice."""
