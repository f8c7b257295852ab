"""What each kind of record does next, and how a service begins: the roof of `life`, which nothing in it imports."""

from batchctl.emulator.clock import Clock
from batchctl.emulator.life import job_life, pool_life, recovery, schedule_life, scheduler, task_life
from batchctl.emulator.life.service import Service
from batchctl.emulator.records import Job, Pool, Schedule
from batchctl.emulator.settings import Settings


def start_service(settings: Settings, clock: Clock, url: str) -> Service:
    """A service at work, with what an earlier run left taken up again."""
    service = Service(settings, clock, url, settle_record)
    service.start()
    recovery.recover(service)
    service.flush()
    return service


def settle_record(service: Service, record: Pool | Job | Schedule) -> None:
    """Takes a woken record as far as it comes now."""
    match record:
        case Pool():
            # In this order: nodes that leave or come change where there is room, tasks that were placed come before
            # those that still wait.
            pool_life.settle_pool(service, record)
            task_life.start_prepared(service, record)
            scheduler.fill_pool(service, record)
        case Job():
            job_life.settle_job(service, record)
        case Schedule():
            schedule_life.settle_schedule(service, record)
