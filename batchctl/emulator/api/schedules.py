"""What clients ask of job schedules."""

from batchctl.emulator.admission.jobs import check_job
from batchctl.emulator.life import schedule_life
from batchctl.emulator.life.service import Service
from batchctl.emulator.records import Schedule
from batchctl.emulator.refusals import Refusal
from batchctl.emulator.wire.checks import words
from batchctl.emulator.wire.job_bodies import JOB_SCHEDULE, JOB_SCHEDULE_PATCH
from batchctl.emulator.wire.messages import (
    Answer,
    Call,
    answer_changed,
    answer_made,
    check_conditions,
    entity_headers,
    list_by_id,
    show_record,
)
from batchctl.emulator.wire.views import JOB as JOB_VIEW
from batchctl.emulator.wire.views import schedule_url, schedule_view

_ENDING = {
    "terminating": "JobScheduleBeingTerminated",
    "completed": "JobScheduleCompleted",
    "deleting": "JobScheduleBeingDeleted",
}
REFUSED: dict[str, dict[str, str]] = {
    "change": _ENDING,
    "disable": _ENDING,
    "enable": _ENDING,
    "terminate": _ENDING,
    "delete": {"deleting": "JobScheduleBeingDeleted"},
}
"""Verb, state of the schedule, and the code with which it is refused; what is not here is allowed."""
_READ_ONLY = words(
    "id displayName url eTag lastModified creationTime state stateTransitionTime previousState "
    "previousStateTransitionTime executionInfo stats"
)


def find_schedule(service: Service, call: Call) -> Schedule:
    """The schedule that the path names."""
    schedule = service.store.schedules.get(call.params["schedule"].lower())
    if schedule is None:
        raise Refusal("JobScheduleNotFound")
    return schedule


def find_schedule_for(service: Service, call: Call, verb: str) -> Schedule:
    """The same, refused in states that do not know the verb."""
    schedule = find_schedule(service, call)
    check_conditions(call, schedule)
    if code := REFUSED[verb].get(schedule.state):
        raise Refusal(code)
    return schedule


def create_schedule(service: Service, call: Call) -> Answer:
    spec = call.body(JOB_SCHEDULE)
    schedule = schedule_life.add_schedule(service, spec.pop("id"), spec)
    return answer_made(schedule_url(schedule.id, call.base), schedule)


def get_schedule(service: Service, call: Call) -> Answer:
    return show_record(call, schedule_view(service.store.jobs), find_schedule(service, call))


def schedule_exists(service: Service, call: Call) -> Answer:
    schedule = find_schedule(service, call)
    check_conditions(call, schedule)
    return Answer(200, None, entity_headers(schedule))


def list_schedules(service: Service, call: Call) -> Answer:
    return list_by_id(call, schedule_view(service.store.jobs), service.store.schedules.values())


def list_jobs_of_schedule(service: Service, call: Call) -> Answer:
    schedule = find_schedule(service, call)
    return list_by_id(call, JOB_VIEW, (job for job in service.store.jobs.values() if job.schedule == schedule.key))


def patch_schedule(service: Service, call: Call) -> Answer:
    return _change_schedule(service, call, call.json(), keep=True)


def replace_schedule(service: Service, call: Call) -> Answer:
    given = call.json()
    if isinstance(given, dict):
        given = {name: value for name, value in given.items() if name not in _READ_ONLY}
    return _change_schedule(service, call, given, keep=False)


def _change_schedule(service: Service, call: Call, given: object, *, keep: bool) -> Answer:
    """A new jobSpecification counts from the next job on."""
    schedule = find_schedule_for(service, call, "change")
    change = JOB_SCHEDULE_PATCH(given)
    if "jobSpecification" in change:
        check_job(change["jobSpecification"])
    elif not keep:
        raise Refusal("MissingRequiredProperty", (("PropertyName", "jobSpecification"),))
    kept = ("displayName", "schedule", "jobSpecification", "metadata") if keep else ("displayName",)
    schedule.spec = {**{name: schedule.spec[name] for name in kept if name in schedule.spec}, **change}
    service.store.touch(schedule)
    schedule_life.plan_again(service, schedule)
    return answer_changed(call, schedule)


def disable_schedule(service: Service, call: Call) -> Answer:
    schedule = find_schedule_for(service, call, "disable")
    schedule_life.disable_schedule(service, schedule)
    return answer_changed(call, schedule, 204)


def enable_schedule(service: Service, call: Call) -> Answer:
    schedule = find_schedule_for(service, call, "enable")
    schedule_life.enable_schedule(service, schedule)
    return answer_changed(call, schedule, 204)


def terminate_schedule(service: Service, call: Call) -> Answer:
    schedule = find_schedule_for(service, call, "terminate")
    call.flag("force")
    schedule_life.terminate_schedule(service, schedule)
    return answer_changed(call, schedule, 202)


def delete_schedule(service: Service, call: Call) -> Answer:
    schedule = find_schedule_for(service, call, "delete")
    call.flag("force")
    schedule_life.delete_schedule(service, schedule)
    return Answer(202)
