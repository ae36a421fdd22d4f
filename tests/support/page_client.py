"""A session with the app's server over its websocket, as a browser holds one, without a browser."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from streamlit.proto.WidgetStates_pb2 import WidgetState
from websockets.sync.client import ClientConnection, connect

PATIENCE = 300.0


class PageClient:
    """One session: it opens a page and receives what the server sends, until the page is drawn."""

    def __init__(self, server: str, socket: ClientConnection) -> None:
        self._server, self._socket = server, socket
        self._widgets: dict[str, WidgetState] = {}
        self._address: tuple[str, str] = ("", "")
        self.received: list[ForwardMsg] = []

    def open(self, page: str, query: str = "") -> list[ForwardMsg]:
        """Open a page; returns what the server sent until it was drawn."""
        self._address = page, query
        self.send()
        return self.until_drawn()

    def send(self, *changed: WidgetState) -> None:
        """Run the page again with these widgets' new values, which it keeps; a submitted text is sent once."""
        message = BackMsg()
        message.rerun_script.page_name, message.rerun_script.query_string = self._address
        message.rerun_script.context_info.url = f"{self._server}/{self._address[0]}"
        self._widgets |= {state.id: state for state in changed if not state.HasField("chat_input_value")}
        once = [state for state in changed if state.HasField("chat_input_value")]
        message.rerun_script.widget_states.widgets.extend([*self._widgets.values(), *once])
        self._socket.send(message.SerializeToString())

    def until_drawn(self) -> list[ForwardMsg]:
        """What the server sends until the page is drawn."""
        started = len(self.received)
        while len(self.received) == started or not is_drawn(self.received[-1]):
            message = ForwardMsg()
            message.ParseFromString(self._socket.recv(PATIENCE, decode=False))
            self.received.append(message)
        return self.received[started:]

    def seen(self) -> bytes:
        """Everything that the server has sent to this session."""
        return b"".join(message.SerializeToString() for message in self.received)


@contextmanager
def page_client(address: str) -> Iterator[PageClient]:
    """A session with the server at an address ("http://127.0.0.1:8501")."""
    stream = f"{address.replace('http', 'ws', 1)}/_stcore/stream"
    unlimited = {"max_size": None, "max_queue": None, "ping_interval": None}
    with connect(stream, subprotocols=["streamlit"], **unlimited) as socket:  # type: ignore[list-item]
        yield PageClient(address, socket)


def is_drawn(message: ForwardMsg) -> bool:
    """Whether this is the last message of a page that does not run again at once."""
    return (
        message.WhichOneof("type") == "script_finished"
        and message.script_finished != ForwardMsg.FINISHED_EARLY_FOR_RERUN
    )


def exceptions(messages: list[ForwardMsg]) -> list[str]:
    """The messages of the exceptions that a page shows."""
    elements = [message.delta.new_element for message in messages]
    return [element.exception.message for element in elements if element.HasField("exception")]
