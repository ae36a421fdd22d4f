"""Read the parts that Word, PowerPoint and Excel files have in common: relations, drawings, charts."""
