"""What intake tells the others: from our words to the published ones."""

from dataclasses import asdict

from services.intake.domain import Case
from shared.contracts.intake import Caller, CaseAccepted, Location, Promise


def accepted(case: Case) -> CaseAccepted:
    where = case.location
    return CaseAccepted(
        case_id=case.id,
        number=case.number,
        case_type=case.type,
        channel=case.channel,
        accepted_at=case.accepted_at,
        caller=Caller(name=case.caller.name, phone=case.caller.phone),
        location=Location(
            region=where.region,
            area=where.area,
            address=where.address,
            transformer=where.transformer,
        ),
        account_no=case.account_no,
        description=case.description,
        promises=tuple(Promise(**asdict(promise)) for promise in case.promises),
    )
