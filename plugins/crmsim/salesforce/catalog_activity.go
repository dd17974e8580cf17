package salesforce

// Tasks and events share most of their fields; Salesforce calls both activities.

func task() *object {
	return &object{
		name: "Task", label: "Task", labelPlural: "Tasks", keyPrefix: "00T",
		createable: true, updateable: true, deletable: true, undeletable: true, searchable: true, layoutable: true,
		triggerable: true, mruEnabled: true, replicateable: true, switchable: true,
		fields: join(
			activityHead("Tasks"),
			one(
				date("ActivityDate", "Due Date Only", unhideable),
				picklist("Status", "Status", 255, required|defaulted, taskStatuses()...).startsAs("Not Started"),
				picklist("Priority", "Priority", 255, required|defaulted, "High", "Normal", "Low").startsAs("Normal"),
				flag("IsHighPriority", "High Priority", systemSet),
				lookup("OwnerId", "Assigned To ID", "Owner", required|defaulted, "Group", "User").manyParents(),
				plainArea("Description", "Description", 32000, optional),
				flag("IsDeleted", "Deleted", systemSet),
				lookup("AccountId", "Account ID", "Account", derived, "Account").prefiltered(),
				flag("IsClosed", "Closed", systemSet),
			),
			auditFields(),
			one(
				flag("IsArchived", "Archived", systemSet),
				integer("CallDurationInSeconds", "Call Duration", 8, unhideable),
				picklist("CallType", "Call Type", 40, unhideable|restricted, "Internal", "Inbound", "Outbound"),
				text("CallDisposition", "Call Result", 255, unhideable),
				text("CallObject", "Call Object Identifier", 255, unhideable),
			),
			reminderFields(),
			one(
				lookup("RecurrenceActivityId", "Recurrence Activity ID", "", derived, "Task").children("RecurringTasks"),
				flag("IsRecurrence", "Create Recurring Series of Tasks", createable|defaulted),
				date("RecurrenceStartDateOnly", "Recurrence Start", unhideable),
			),
			recurrenceFields(),
			one(
				picklist("RecurrenceRegeneratedType", "Repeat This Task", 40, unhideable|restricted,
					"RecurrenceRegenerateAfterDueDate", "RecurrenceRegenerateAfterToday", "RecurrenceRegenerated"),
				picklist("TaskSubtype", "Task Subtype", 40, nillable|createable|defaulted|restricted,
					"Task", "Email", "List Email", "Cadence", "Call", "LinkedIn").startsAs("Task"),
				datetime("CompletedDateTime", "Completed Date", derived),
				textLike("url", "LID__URL__c", "LinkedIn URL", 255, optional).ofPackage(),
				datetime("LID__Date_Sent__c", "LinkedIn Date Sent", optional).ofPackage(),
			),
		),
	}
}

func event() *object {
	noAggregate := usage{filter: true, sort: true, group: true}
	return &object{
		name: "Event", label: "Event", labelPlural: "Events", keyPrefix: "00U",
		createable: true, updateable: true, deletable: true, undeletable: true, searchable: true, layoutable: true,
		triggerable: true, mruEnabled: true, replicateable: true, switchable: true,
		fields: join(
			activityHead("Events"),
			one(
				text("Location", "Location", 255, optional),
				flag("IsAllDayEvent", "All-Day Event", checkbox|permissionable),
				datetime("ActivityDateTime", "Due Date Time", unhideable),
				date("ActivityDate", "Due Date Only", unhideable).usable(noAggregate),
				integer("DurationInMinutes", "Duration", 8, unhideable),
				datetime("StartDateTime", "Start Date Time", unhideable),
				datetime("EndDateTime", "End Date Time", unhideable),
				date("EndDate", "End Date", derived),
				plainArea("Description", "Description", 32000, optional),
				lookup("AccountId", "Account ID", "Account", derived, "Account").prefiltered(),
				lookup("OwnerId", "Assigned To ID", "Owner", required|defaulted, "Calendar", "User").manyParents(),
				flag("IsPrivate", "Private", checkbox),
				picklist("ShowAs", "Show Time As", 40, unhideable|defaulted|restricted).labelled(
					option{"Busy", "Busy"}, option{"OutOfOffice", "Out of Office"}, option{"Free", "Free"}).startsAs("Busy"),
				flag("IsDeleted", "Deleted", systemSet),
				flag("IsChild", "Is Child", systemSet),
				flag("IsGroupEvent", "Is Group Event", systemSet),
				picklist("GroupEventType", "Group Event Type", 40, derived|defaulted|restricted).labelled(
					option{"0", "Non Group Event"}, option{"1", "Group Event"}, option{"2", "Proposed Event"},
					option{"3", "IsRecurrence2 Series Pattern"}).startsAs("0"),
			),
			auditFields(),
			one(
				flag("IsArchived", "Archived", systemSet),
				lookup("RecurrenceActivityId", "Recurrence Activity ID", "", derived, "Event").children("RecurringEvents"),
				flag("IsRecurrence", "Create Recurring Series of Events", createable|defaulted),
				datetime("RecurrenceStartDateTime", "Recurrence Start", unhideable),
			),
			recurrenceFields(),
			reminderFields(),
			one(
				picklist("EventSubtype", "Event Subtype", 40, nillable|createable|restricted, "Event"),
				flag("IsRecurrence2Exclusion", "Historical Event, Not Following Recurrence", systemSet),
				plainArea("Recurrence2PatternText", "Recurrence Pattern", 512, nillable|createable),
				picklist("Recurrence2PatternVersion", "Pattern Version", 40, derived|restricted).labelled(
					option{"1", "RFC 5545 v4 RRULE"}, option{"2", "Bespoke Pattern"}),
				flag("IsRecurrence2", "Repeat", systemSet),
				flag("IsRecurrence2Exception", "Is Exception", systemSet),
				datetime("Recurrence2PatternStartDate", "Recurrence Pattern Start Date", derived),
				text("Recurrence2PatternTimeZone", "Recurrence Pattern Time Zone Reference", 255, derived),
			),
		),
	}
}

// activityHead is how tasks and events begin; children names them in the objects they hang on.
func activityHead(children string) []field {
	subject := textLike("combobox", "Subject", "Subject", 255, unhideable).nameOfRecord().
		usable(usage{filter: true, sort: true, aggregate: true})
	for _, value := range []string{"Call", "Email", "Meeting", "Send Letter/Quote", "Other"} {
		subject.options = append(subject.options, option{value, value})
	}
	return one(
		recordID("Activity ID"),
		lookup("WhoId", "Name ID", "Who", optional, "Contact", "Lead").manyParents().prefiltered().children(children),
		lookup("WhatId", "Related To ID", "What", optional, "Account", "Asset", "Campaign", "Case", "Contract",
			"Opportunity", "Order", "Product2", "Solution").manyParents().prefiltered().children(children),
		subject,
	)
}

func taskStatuses() []string {
	return []string{"Not Started", "In Progress", "Completed", "Waiting on someone else", "Deferred"}
}

func reminderFields() []field {
	return one(
		datetime("ReminderDateTime", "Reminder Date/Time", unhideable),
		flag("IsReminderSet", "Reminder Set", checkbox),
	)
}

// recurrenceFields say how a series repeats.
func recurrenceFields() []field {
	return one(
		date("RecurrenceEndDateOnly", "Recurrence End", unhideable),
		picklist("RecurrenceTimeZoneSidKey", "Recurrence Time Zone", 40, unhideable|restricted, "America/Los_Angeles",
			"America/New_York", "Europe/London", "Europe/Berlin", "Asia/Tokyo", "UTC"),
		picklist("RecurrenceType", "Recurrence Type", 40, unhideable|restricted, "RecursDaily", "RecursEveryWeekday",
			"RecursMonthly", "RecursMonthlyNth", "RecursWeekly", "RecursYearly", "RecursYearlyNth"),
		integer("RecurrenceInterval", "Recurrence Interval", 9, unhideable),
		integer("RecurrenceDayOfWeekMask", "Recurrence Day of Week Mask", 9, unhideable),
		integer("RecurrenceDayOfMonth", "Recurrence Day of Month", 9, unhideable),
		picklist("RecurrenceInstance", "Recurrence Instance", 40, unhideable|restricted, "First", "Second", "Third",
			"Fourth", "Last"),
		picklist("RecurrenceMonthOfYear", "Recurrence Month of Year", 40, unhideable|restricted, "January", "February",
			"March", "April", "May", "June", "July", "August", "September", "October", "November", "December"),
	)
}
