"""What a short harvest means for whoever paid before it (歉收条款): a share in kind, and the rest in money."""
