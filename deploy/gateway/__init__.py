"""What lies outside Wattline, on one machine: a phone network behind Kannel's sendsms, and mail."""

from deploy.gateway.faults import Faults
from deploy.gateway.gateway import Gateway
from deploy.gateway.journal import Mail, Receipt, Sms
from deploy.gateway.settings import Settings

__all__ = ["Faults", "Gateway", "Mail", "Receipt", "Settings", "Sms"]
