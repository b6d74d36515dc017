"""The port for SMS and mail. The development adapter shows the message in the demo's inbox page."""

from backend.notifications.models import DemoMessage


def keep_in_demo_inbox(kind: str, target: str, text: str) -> None:
    """Keep a message where the demo shows it; the recipient masked."""
    shown = f"{target[:3]}****{target[-4:]}" if kind == "phone" else target
    DemoMessage.objects.create(kind=kind, target=shown, text=text)
