"""The two clients of azure-batch behind one face: `call` gives plain values, whatever the client gives."""

import asyncio
import inspect
from typing import Any

from azure.batch import BatchClient
from azure.batch.aio import BatchClient as AsyncClient
from azure.core.credentials import AzureNamedKeyCredential

from .stand import ACCOUNT, KEY

FAST = {"polling_interval": 0.01}


class Sync:
    """Pagers become lists, downloads bytes, pollers what they end with."""

    def __init__(self, url: str) -> None:
        self.called: set[str] = set()
        self._client = BatchClient(url, AzureNamedKeyCredential(ACCOUNT, KEY), retry_total=0)

    def call(self, name: str, *arguments: Any, **options: Any) -> Any:
        self.called.add(name)
        method = getattr(self._client, name)
        answer = method(*arguments, **options, **(FAST if name.startswith("begin_") else {}))
        if hasattr(answer, "result"):
            return answer.result()
        if name.startswith("download"):
            return b"".join(answer)
        return list(answer) if name.startswith("list") else answer

    def close(self) -> None:
        self._client.close()


class Async:
    """The same over the client for asyncio."""

    def __init__(self, url: str) -> None:
        self.called: set[str] = set()
        self._loop = asyncio.new_event_loop()
        self._client = AsyncClient(url, AzureNamedKeyCredential(ACCOUNT, KEY), retry_total=0)

    def call(self, name: str, *arguments: Any, **options: Any) -> Any:
        self.called.add(name)
        return self._loop.run_until_complete(self._call(name, arguments, options))

    async def _call(self, name: str, arguments: Any, options: Any) -> Any:
        answer = getattr(self._client, name)(*arguments, **options, **(FAST if name.startswith("begin_") else {}))
        if inspect.isawaitable(answer):
            answer = await answer
        if hasattr(answer, "result"):
            return await answer.result()
        if name.startswith("download"):
            return b"".join([piece async for piece in answer])
        return [one async for one in answer] if name.startswith("list") else answer

    def close(self) -> None:
        self._loop.run_until_complete(self._client.close())
        self._loop.close()
