"""The analyses as files: tables, pictures, numbers, one page."""
