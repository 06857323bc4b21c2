"""The analyses as files: tables, pictures, numbers, and one page of HTML."""
