"""/sign-in, /sign-out, and the way back from the OpenID provider. The cookie they set is signed, HttpOnly and
Lax."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated
from urllib.parse import quote

from fastapi import APIRouter, Form, HTTPException, Request
from fastapi.responses import RedirectResponse, Response

from errors import WenjuError
from ui.auth_signing import COOKIE
from ui.pages import Site

if TYPE_CHECKING:
    from ui.auth import SignOn


def sign_in_router(sign_on: SignOn) -> APIRouter:
    """The routes for the sign-on in force: signing in and out where that is done here, and the widget's
    codes."""
    router = APIRouter(include_in_schema=False)

    @router.post("/embed/code")
    def again(request: Request) -> dict[str, str]:
        """A code for the next load of an embedded page that has a session."""
        code = sign_on.embedding.renewed(request)
        if code is None:
            raise HTTPException(401, "no embedded session")
        return {"code": code}

    if sign_on.mode == "token":
        _token_routes(router, sign_on)
    if sign_on.mode == "oidc":
        _oidc_routes(router, sign_on)
    if sign_on.mode in ("token", "oidc"):

        @router.post("/sign-out")
        def sign_out(request: Request) -> Response:
            sign_on.leave(request)
            reply = RedirectResponse(f"{sign_on.settings.root_path}/sign-in?out=1", 303)
            reply.delete_cookie(COOKIE, path=sign_on.path)
            return reply

    return router


def local_path(target: str, sign_on: SignOn) -> str:
    """Where to go after signing on: a path of ours, whatever the address asked for."""
    plain = target.startswith("/") and not target.startswith(("//", "/\\")) and target.isprintable()
    return target if plain and "\\" not in target else f"{sign_on.settings.root_path}/chat/"


def entered(sign_on: SignOn, cookie: str, target: str) -> Response:
    """The response that signs someone on, with the session's cookie."""
    seconds = int(sign_on.settings.session_hours * 3600)
    return _leading(local_path(target, sign_on), sign_on, COOKIE, cookie, seconds)


def _leading(address: str, sign_on: SignOn, cookie: str, value: str, seconds: int) -> Response:
    """A redirect that leaves a cookie."""
    reply = RedirectResponse(address, 303)
    path, secure = sign_on.path, sign_on.secure
    reply.set_cookie(cookie, value, seconds, path=path, secure=secure, httponly=True, samesite="lax")
    return reply


def _token_routes(router: APIRouter, sign_on: SignOn) -> None:
    @router.get("/sign-in")
    def form(next: str = "", lang: str = "", out: str = "") -> Response:
        return _form(sign_on, next, lang, out=bool(out))

    @router.post("/sign-in")
    def enter(token: Annotated[str, Form(max_length=8000)], next: Annotated[str, Form()] = "") -> Response:
        found = sign_on.tokens.viewer(token.strip())
        if found is None:
            return _form(sign_on, next, status=401, wrong=True)
        return entered(sign_on, sign_on.session(found[1]), next)


def _oidc_routes(router: APIRouter, sign_on: SignOn) -> None:
    from ui.auth_oidc import STATE_COOKIE, STATE_SECONDS

    provider = sign_on.provider

    @router.get("/sign-in")
    async def leave(request: Request, next: str = "", out: str = "") -> Response:
        if out:
            site = Site.of(sign_on.settings)
            return site.page("signed_out.html", site.t("sign_in"), current="sign-in")
        try:
            address, state = await provider.start(request, next)
        except WenjuError as error:
            return _failed(sign_on, error, 503)
        return _leading(address, sign_on, STATE_COOKIE, state, STATE_SECONDS)

    @router.get("/auth/callback", name="wenju_callback")
    async def back(request: Request) -> Response:
        try:
            granted, target = await provider.finish(request)
        except WenjuError as error:
            return _failed(sign_on, error, 401)
        reply = entered(sign_on, sign_on.admit(granted), target)
        reply.delete_cookie(STATE_COOKIE, path=sign_on.path)
        return reply


def sign_in_address(sign_on: SignOn, path: str, query: str) -> str:
    """/sign-in with the way back."""
    back = path + (f"?{query}" if query else "")
    return f"{sign_on.settings.root_path}/sign-in?next={quote(back, safe='')}"


def _form(
    sign_on: SignOn, target: str, lang: str = "", status: int = 200, wrong: bool = False, out: bool = False
) -> Response:
    site = Site.of(sign_on.settings, lang)
    title, said = site.t("sign_in"), {"target": target, "wrong": wrong, "out": out}
    return site.page("sign_in.html", title, None, "sign-in", "", status, **said)


def _failed(sign_on: SignOn, error: WenjuError, status: int) -> Response:
    """A page that says why somebody could not sign on."""
    site = Site.of(sign_on.settings)
    return site.page("message.html", site.t("sign_in"), status=status, text=site.t.error(error))
