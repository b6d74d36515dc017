"""The find block (发现): one plain table of what anyone can discover."""
