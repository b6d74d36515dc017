"""A campaign's calendar of work and its diary with photos (农事历与产地日志)."""
