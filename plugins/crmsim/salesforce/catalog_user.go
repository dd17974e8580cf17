package salesforce

import "strings"

func user() *object {
	delegate := lookup("DelegatedApproverId", "Delegated Approver ID", "", optional, "Group", "User").manyParents()
	federation := text("FederationIdentifier", "SAML Federation ID", 512, optional)
	federation.caseSensitive = true
	return &object{
		name: "User", label: "User", labelPlural: "Users", keyPrefix: "005",
		createable: true, updateable: true, searchable: true, layoutable: true, triggerable: true, mruEnabled: true,
		feedEnabled: true, replicateable: true, switchable: true,
		scopes: []option{{"everything", "All users"}, {"team", "My team"}},
		fields: join(
			one(
				recordID("User ID"),
				text("Username", "Username", 80, required|idLookup),
			),
			nameFields(),
			one(
				text("CompanyName", "Company Name", 80, optional),
				text("Division", "Division", 80, optional),
				text("Department", "Department", 80, optional),
				text("Title", "Title", 80, optional),
			),
			addressFields("", ""),
			one(
				textLike("email", "Email", "Email", 128, required|idLookup),
				flag("EmailPreferencesAutoBcc", "AutoBcc", checkbox),
				flag("EmailPreferencesAutoBccStayInTouch", "AutoBccStayInTouch", checkbox),
				flag("EmailPreferencesStayInTouchReminder", "StayInTouchReminder", checkbox),
				textLike("email", "SenderEmail", "Email Sender Address", 80, optional),
				text("SenderName", "Email Sender Name", 80, optional),
				longText("Signature", "Email Signature", 1333),
				text("StayInTouchSubject", "Stay-in-Touch Email Subject", 80, optional),
				longText("StayInTouchSignature", "Stay-in-Touch Email Signature", 512),
				longText("StayInTouchNote", "Stay-in-Touch Email Note", 512),
				phone("Phone", "Phone", optional),
				phone("Fax", "Fax", optional),
				phone("MobilePhone", "Mobile", optional),
				text("Alias", "Alias", 8, required),
				text("CommunityNickname", "Nickname", 40, required),
				text("BadgeText", "User Photo badge text overlay", 80, derived),
				flag("IsActive", "Active", checkbox),
				picklist("TimeZoneSidKey", "Time Zone", 40, required|restricted, "America/Los_Angeles",
					"America/New_York", "Europe/London", "Europe/Berlin", "Asia/Tokyo", "UTC"),
				lookup("UserRoleId", "Role ID", "UserRole", unhideable, "UserRole").children("Users"),
				picklist("LocaleSidKey", "Locale", 40, required|restricted, "en_US", "en_GB", "de_DE", "fr_FR", "ja_JP"),
				flag("ReceivesInfoEmails", "Info Emails", checkbox),
				flag("ReceivesAdminInfoEmails", "Admin Info Emails", checkbox),
				picklist("EmailEncodingKey", "Email Encoding", 40, required|restricted, "UTF-8", "ISO-8859-1", "Shift_JIS"),
				lookup("ProfileId", "Profile ID", "Profile", required, "Profile"),
				picklist("UserType", "User Type", 40, derived|restricted, "Standard", "PowerPartner",
					"PowerCustomerSuccess", "CustomerSuccess", "Guest", "CspLitePortal", "CsnOnly", "SelfService"),
				picklist("LanguageLocaleKey", "Language", 40, required|restricted, "en_US", "de", "fr", "ja"),
				text("EmployeeNumber", "Employee Number", 20, optional),
				delegate,
				lookup("ManagerId", "Manager ID", "Manager", optional, "User"),
				datetime("LastLoginDate", "Last Login", nillable|permissionable),
				datetime("LastPasswordChangeDate", "Last Password Change or Reset", nillable|permissionable),
			),
			auditFields(),
			one(
				datetime("OfflineTrialExpirationDate", "Offline Edition Trial Expiration Date", derived),
				datetime("OfflinePdaTrialExpirationDate", "Sales Anywhere Trial Expiration Date", derived),
			),
			flags(checkbox, "UserPermissions", userPermissions()...),
			one(flag("ForecastEnabled", "Allow Forecasting", checkbox)),
			flags(checkbox, "UserPreferences", userPreferences()...),
			one(
				lookup("ContactId", "Contact ID", "Contact", unhideable, "Contact").children("Users"),
				lookup("AccountId", "Account ID", "Account", derived, "Account").children("Users"),
				lookup("CallCenterId", "Call Center ID", "", optional, "CallCenter"),
				phone("Extension", "Extension", optional),
				picklist("PortalRole", "Portal Role Level", 40, unhideable|restricted, "Executive", "Manager", "Worker",
					"PersonAccount"),
				flag("IsPortalEnabled", "Is Portal Enabled", systemSet),
				flag("IsPortalSelfRegistered", "Is Self Registered", systemSet),
				federation,
				longText("AboutMe", "About Me", 1000),
				textLike("url", "FullPhotoUrl", "Url for full-sized Photo", 1024, derived),
				textLike("url", "SmallPhotoUrl", "Url for Thumbnail sized Photo", 1024, derived),
				flag("IsExtIndicatorVisible", "Show external indicator", systemSet),
				text("OutOfOfficeMessage", "Out of office message", 40, nillable|permissionable),
				textLike("url", "MediumPhotoUrl", "Url for medium profile photo", 1024, derived),
				picklist("DigestFrequency", "Chatter Email Highlights Frequency", 40, required|restricted).labelled(
					option{"D", "Daily"}, option{"W", "Weekly"}, option{"N", "Never"}),
				picklist("DefaultGroupNotificationFrequency", "Default Notification Frequency when Joining Groups", 40,
					required|restricted).labelled(option{"P", "Email on every post"}, option{"D", "Daily digests"},
					option{"W", "Weekly digests"}, option{"N", "Never"}),
			),
			viewedFields(),
			one(
				textLike("url", "BannerPhotoUrl", "Url for banner photo", 1024, derived),
				textLike("url", "SmallBannerPhotoUrl", "Url for IOS banner photo", 1024, derived),
				textLike("url", "MediumBannerPhotoUrl", "Url for Android banner photo", 1024, derived),
				flag("IsProfilePhotoActive", "Has Profile Photo", systemSet),
				lookup("IndividualId", "Individual ID", "Individual", unhideable, "Individual"),
			),
		),
	}
}

// longText is a User textarea that can be counted but neither filtered nor sorted.
func longText(name, label string, length int) field {
	return textArea(name, label, length, optional).usable(usage{aggregate: true})
}

func userPermissions() []string {
	return strings.Fields(`MarketingUser OfflineUser AvantgoUser CallCenterAutoLogin MobileUser SFContentUser
		KnowledgeUser InteractionUser SupportUser`)
}

func userPreferences() []string {
	return strings.Fields(`ActivityRemindersPopup EventRemindersCheckboxDefault TaskRemindersCheckboxDefault
		ReminderSoundOff DisableAllFeedsEmail DisableFollowersEmail DisableProfilePostEmail DisableChangeCommentEmail
		DisableLaterCommentEmail DisProfPostCommentEmail ContentNoEmail ContentEmailAsAndWhen ApexPagesDeveloperMode
		HideCSNGetChatterMobileTask DisableMentionsPostEmail DisMentionsCommentEmail HideCSNDesktopTask
		HideChatterOnboardingSplash HideSecondChatterOnboardingSplash DisCommentAfterLikeEmail DisableLikeEmail
		SortFeedByComment DisableMessageEmail DisableBookmarkEmail DisableSharePostEmail EnableAutoSubForFeeds
		DisableFileShareNotificationsForApi ShowTitleToExternalUsers ShowManagerToExternalUsers
		ShowEmailToExternalUsers ShowWorkPhoneToExternalUsers ShowMobilePhoneToExternalUsers ShowFaxToExternalUsers
		ShowStreetAddressToExternalUsers ShowCityToExternalUsers ShowStateToExternalUsers
		ShowPostalCodeToExternalUsers ShowCountryToExternalUsers ShowProfilePicToGuestUsers ShowTitleToGuestUsers
		ShowCityToGuestUsers ShowStateToGuestUsers ShowPostalCodeToGuestUsers ShowCountryToGuestUsers HideS1BrowserUI
		DisableEndorsementEmail PathAssistantCollapsed CacheDiagnostics ShowEmailToGuestUsers ShowManagerToGuestUsers
		ShowWorkPhoneToGuestUsers ShowMobilePhoneToGuestUsers ShowFaxToGuestUsers ShowStreetAddressToGuestUsers
		LightningExperiencePreferred PreviewLightning HideEndUserOnboardingAssistantModal HideLightningMigrationModal
		HideSfxWelcomeMat HideBiggerPhotoCallout GlobalNavBarWTShown GlobalNavGridMenuWTShown CreateLEXAppsWTShown
		FavoritesWTShown RecordHomeSectionCollapseWTShown RecordHomeReservedWTShown FavoritesShowTopFavorites
		ExcludeMailAppAttachments SuppressTaskSFXReminders SuppressEventSFXReminders PreviewCustomTheme
		HasCelebrationBadge UserDebugModePref NewLightningReportRunPageEnabled`)
}
