"""Airflow's execution API answered in the thread that asks it: the same application, without a server.

Airflow's own in-process server answers in a thread with an event loop, and its endpoints in further threads; and
FastAPI inspects the dependencies of an endpoint anew for every request as soon as one of them is overridden. Both took
more time than all else that a task does.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache
from typing import Any
from unittest import mock

import anyio.to_thread
import httpx


@cache
def direct_client() -> Any:
    """The client of the execution API for the tasks of this process."""
    from airflow.api_fastapi.common.dagbag import dag_bag_from_app
    from airflow.models.dagbag import DBDagBag
    from airflow.sdk.execution_time.supervisor import InProcessTestSupervisor, in_process_api_server

    with _newest_version_only():
        app = in_process_api_server().app
    # Tokens, which nobody checks here, would be renewed in a task group of its own for each request.
    app.user_middleware[:] = [one for one in app.user_middleware if one.cls.__module__ != type(app).__module__]
    bag = DBDagBag()
    app.dependency_overrides[dag_bag_from_app] = lambda: bag
    _inspect_once()
    client = InProcessTestSupervisor._Client(base_url=None, token="", dry_run=True, transport=DirectTransport(app))
    client.base_url = "http://in-process.invalid./"
    return client


class DirectTransport(httpx.BaseTransport):
    """Sends the requests of a synchronous client to an ASGI application, in the thread of the client.

    Where that runs an event loop already, another thread takes over.
    """

    def __init__(self, app: Any):
        self._inner = httpx.ASGITransport(app=app)
        self._loop = asyncio.new_event_loop()
        self._lifespan = app.router.lifespan_context(app)
        self._loop.run_until_complete(self._lifespan.__aenter__())
        _answer_endpoints_in(self._loop)

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """The response of the application."""
        if asyncio._get_running_loop() is None:
            return self._loop.run_until_complete(self._answer(request))
        from concurrent.futures import ThreadPoolExecutor

        with ThreadPoolExecutor(1) as other:
            return other.submit(self.handle_request, request).result()

    async def _answer(self, request: httpx.Request) -> httpx.Response:
        asking = httpx.Request(request.method, request.url, headers=request.headers, content=request.read())
        answer = await self._inner.handle_async_request(asking)
        content = await answer.aread()
        return httpx.Response(answer.status_code, headers=answer.headers, content=content)


def _answer_endpoints_in(loop: asyncio.AbstractEventLoop) -> None:
    """Let synchronous endpoints that this loop calls run in its thread, instead of in one of anyio's."""
    elsewhere = anyio.to_thread.run_sync

    async def run_sync(function: Callable[..., Any], *arguments: Any, **options: Any) -> Any:
        if asyncio.get_running_loop() is loop:
            return function(*arguments)
        return await elsewhere(function, *arguments, **options)

    anyio.to_thread.run_sync = run_sync  # type: ignore[assignment]


@contextmanager
def _newest_version_only() -> Iterator[None]:
    """Let an application that is made meanwhile answer in the newest version of the API alone.

    That is the one its own client speaks; making the routes of all older ones takes seconds.
    """
    from airflow.api_fastapi.execution_api import versions
    from airflow.api_fastapi.execution_api.routes import execution_api_router as router
    from cadwyn import HeadVersion, Version, VersionBundle
    from cadwyn.route_generation import _DELETED_ROUTE_TAG

    every = versions.bundle
    newest = VersionBundle(HeadVersion(), Version(every.versions[0].value), api_version_var=every.api_version_var)
    routes = [route for route in router.routes if _DELETED_ROUTE_TAG not in getattr(route, "tags", ())]
    with mock.patch.object(versions, "bundle", newest), mock.patch.object(router, "routes", routes):
        yield


def _inspect_once() -> None:
    """Let FastAPI remember what the signature of an overridden dependency asks for."""
    from fastapi.dependencies import utils

    inspect = utils.get_dependant
    known: dict[tuple[Any, ...], Any] = {}

    def get_dependant(**asked: Any) -> Any:
        key = tuple((name, tuple(value) if isinstance(value, list) else value) for name, value in asked.items())
        if key not in known:
            known[key] = inspect(**asked)
        return known[key]

    utils.get_dependant = get_dependant
