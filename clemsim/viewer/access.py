"""Who may act: whoever opened the address that the terminal printed, from a page of this server.

The address carries a secret once; the browser keeps it in a cookie that no script can read and no other site can send.
Cookies know no ports, so that a page of another server on this machine is told apart by the origin that browsers add to
every form they send.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from hmac import compare_digest
from secrets import token_urlsafe

from aiohttp import hdrs, web

PARAMETER, COOKIE = "token", "clemsim-viewer"


class ForbiddenError(Exception):
    """A request to act that did not come from a page of this server, or from nobody who was given the address."""


@dataclass(frozen=True, slots=True)
class Access:
    """The secret of one server."""

    secret: str = field(default_factory=token_urlsafe, repr=False)

    def address(self, url: str) -> str:
        """Return the address of the first page with the secret."""
        return f"{url}?{PARAMETER}={self.secret}"

    def may_act(self, request: web.Request) -> bool:
        """Return whether the browser has been given the secret."""
        return compare_digest(request.cookies.get(COOKIE, "").encode(), self.secret.encode())

    def check(self, request: web.Request) -> None:
        """Raise ForbiddenError unless a request to act comes from a page of this server, whose user has the secret."""
        if request.headers.get(hdrs.ORIGIN) != f"http://{request.host}":
            raise ForbiddenError("only pages of this viewer may do that")
        if not self.may_act(request):
            raise ForbiddenError("first open the address with the token that `clemsim view` has printed in the terminal")

    def admit(self, request: web.Request) -> web.Response | None:
        """Return the answer that gives the browser the secret which its address carries; None where it carries none."""
        given = request.query.get(PARAMETER)
        if given is None:
            return None
        if not compare_digest(given.encode(), self.secret.encode()):
            raise ForbiddenError("this token is of another viewer: open the address that this one has printed")
        rest = {name: value for name, value in request.query.items() if name != PARAMETER}
        response = web.Response(status=303, headers={hdrs.LOCATION: str(request.rel_url.with_query(rest))})
        response.set_cookie(COOKIE, self.secret, httponly=True, samesite="Strict", path="/")
        return response
