"""What intake tells the others: from our words to the published ones."""

from dataclasses import asdict

from services.intake.domain import Account, Case
from shared.contracts.intake import Caller, CaseAccepted, Location, Promise


def accepted(case: Case, account: Account | None) -> CaseAccepted:
    """`account`: the customer's, if it is known.

    Of a confidential reporter only the phone, for notify to tell them (docs/adr/0018).
    """
    phone, case = case.caller.phone, case.as_seen()
    account = None if case.confidential else account
    where = case.location
    return CaseAccepted(
        case_id=case.id,
        number=case.number,
        case_type=case.type,
        channel=case.channel,
        accepted_at=case.accepted_at,
        caller=Caller(name=case.caller.name, phone=phone),
        location=Location(
            region=where.region,
            area=where.area,
            address=where.address,
            transformer=where.transformer,
        ),
        account_no=case.account_no,
        description=case.description,
        promises=tuple(Promise(**asdict(promise)) for promise in case.promises),
        subtype=case.subtype,
        danger=case.danger,
        customer_class=account.customer_class if account else None,
        tags=account.tags if account else (),
        confidential=case.confidential,
    )
