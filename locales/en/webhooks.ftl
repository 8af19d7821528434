### Webhooks: URLs that receive the changes of jobs.

webhooks-title = Webhooks
webhooks-note = A webhook receives a signed request whenever one of your jobs changes, for instance when it waits for you.
webhooks-none = No webhooks yet
webhooks-url = URL
webhooks-events = Events
webhooks-add = Add a webhook
webhooks-created = Created
webhooks-secret = The webhook is there. Its receiver verifies requests with this secret, which is not shown again:
webhooks-test = Send a test
webhooks-test-sent = The test is sent within seconds; reload the page to see the result.
webhooks-delete = Delete
# $number (String) - The number of the webhook.
webhooks-delete-one = Delete webhook { $number }
webhooks-delete-note = What was sent to it is no longer listed either.
webhooks-disabled = Disabled, since its receiver answered that the URL is gone. A test enables it again.
# $number (String) - The number of the webhook.
webhooks-one = Webhook { $number }
webhooks-deliveries = Events of the last 30 days
webhooks-no-deliveries = Nothing has been sent yet
webhooks-event = Event
webhooks-job = Job
webhooks-state = State
webhooks-delivered = delivered
# $attempts (String) - The number of attempts so far.
webhooks-waiting = waiting; attempts so far: { $attempts }
webhooks-given-up = given up
webhooks-resend = Send again
# $number (String) - The number of the delivery.
webhooks-resend-one = Send again: event { $number }
webhooks-resent = The event is sent again within seconds; reload the page to see the result.
webhooks-bad-url = The URL must begin with https:// or http://, have at most 2000 characters and no password.
webhooks-no-event = Choose at least one event.
# $most (String) - The most webhooks of one user.
webhooks-too-many = There are already { $most } webhooks. Delete one first.
webhook-event-pending = A job waits for a worker
webhook-event-processing = A run has begun
webhook-event-needs-review = A job waits for a person
webhook-event-completed = The contacts of a job were created
webhook-event-failed = A job has failed
webhook-event-test = A test
