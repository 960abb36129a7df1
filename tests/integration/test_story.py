"""The main job again, word for word, on Apache Kafka."""

from tests.flows.test_story import (
    file_case,
    test_a_dissatisfied_customer_gets_it_done_again_one_level_higher,
    test_from_a_call_to_a_satisfied_customer,
)

__all__ = [
    "file_case",
    "test_a_dissatisfied_customer_gets_it_done_again_one_level_higher",
    "test_from_a_call_to_a_satisfied_customer",
]
