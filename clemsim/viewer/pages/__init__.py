"""The pages: each module gathers what its template shows, and returns the page as HTML."""
