"""What billing tells the others: from our words to the published ones."""

from dataclasses import asdict
from datetime import datetime

from services.billing.domain.account import Account
from shared.contracts.billing import AccountChanged


def account_changed(account: Account, at: datetime) -> AccountChanged:
    """The account as a whole, as it is from `at` on."""
    return AccountChanged.model_validate(
        asdict(account) | {"account_id": account.id, "changed_at": at}
    )
