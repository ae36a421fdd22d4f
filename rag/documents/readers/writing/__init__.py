"""Write what readers find as text: blocks of a document, numbers of lists, symbols of fonts."""
