"""The site: layout, components, doors that every page shares."""
