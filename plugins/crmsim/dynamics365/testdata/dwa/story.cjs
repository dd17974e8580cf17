// Every main call of dynamics-web-api against the simulator: node story.cjs <url> <token> <user id>.
// Prints one JSON object with what the client made of the answers.
const { DynamicsWebApi } = require('dynamics-web-api');
const [url, token, user] = process.argv.slice(2);

const api = new DynamicsWebApi({
  serverUrl: url, dataApi: { version: '9.2' }, onTokenRefresh: async () => ({ accessToken: token }),
});
const seen = {};
const failure = async (call) => {
  try { await call(); return 'no error'; } catch (e) { return { status: e.status, code: e.code, message: e.message, retryAfter: e.headers?.['retry-after'] }; }
};

async function reading() {
  seen.whoAmI = await api.callFunction('WhoAmI');
  const page = await api.retrieveMultiple({
    collection: 'contacts', select: ['contactid', 'statecode'], filter: 'modifiedon ge 2000-01-01T00:00:00Z and statecode eq 0',
    orderBy: ['modifiedon asc'], maxPageSize: 50, count: true, includeAnnotations: '*',
  });
  seen.page = { rows: page.value.length, count: page.oDataCount, formatted: page.value[0].statecode_Formatted, etag: page.value[0]['@odata.etag'] };
  const next = await api.retrieveMultiple({ collection: 'contacts', maxPageSize: 50 }, page.oDataNextLink);
  seen.next = { rows: next.value.length, more: !!next.oDataNextLink, fresh: !page.value.some((r) => r.contactid === next.value[0].contactid) };
  seen.all = (await api.retrieveAll({ collection: 'contacts', select: ['contactid'] })).value.length;
  const first = page.value[0].contactid;
  seen.one = await api.retrieve({
    collection: 'contacts', key: first, select: ['fullname'], expand: [{ property: 'parentcustomerid_account', select: ['name'] }],
  });
  seen.notModified = await api.retrieve({ collection: 'contacts', key: first, select: ['fullname'], ifnonematch: page.value[0]['@odata.etag'] });
  seen.tracked = !!(await api.retrieveMultiple({ collection: 'contacts', select: ['contactid'], trackChanges: true })).oDataDeltaLink;
  seen.count = await api.count({ collection: 'contacts' });
  seen.countFiltered = await api.count({ collection: 'contacts', filter: "contains(fullname,'a')" });
  const fetchXml = '<fetch count="50"><entity name="contact"><attribute name="fullname"/><order attribute="fullname"/></entity></fetch>';
  const fetched = await api.fetch({ collection: 'contacts', fetchXml, includeAnnotations: '*' });
  seen.fetched = { rows: fetched.value.length, next: fetched.PagingInfo.nextPage };
  seen.fetchedAll = (await api.fetchAll({ collection: 'contacts', fetchXml, includeAnnotations: '*' })).value.length;
  const ids = Array.from({ length: 60 }, () => `contactid eq ${first}`).join(' or ');
  seen.longURL = (await api.retrieveMultiple({ collection: 'contacts', select: ['contactid'], filter: ids })).value.length;
  return first;
}

async function writing(contact) {
  const made = await api.create({ collection: 'contacts', data: { firstname: 'A', lastname: 'B' } });
  const account = await api.upsert({ collection: 'accounts', key: "accountnumber='A1'", data: { name: 'N' } });
  seen.sameAccount = account === await api.upsert({ collection: 'accounts', key: "accountnumber='A1'", data: { name: 'N2' } });
  const child = await api.create({ collection: 'contacts', data: { lastname: 'C', 'parentcustomerid_account@odata.bind': `/accounts(${account})` } });
  seen.parent = (await api.retrieve({ collection: 'contacts', key: child, select: ['_parentcustomerid_value'] }))._parentcustomerid_value === account;
  seen.representation = (await api.create({
    collection: 'contacts', data: { lastname: 'B' }, select: ['fullname'], returnRepresentation: true, duplicateDetection: true,
  })).fullname;
  const call = await api.create({
    collection: 'phonecalls',
    data: {
      subject: 'Call', 'regardingobjectid_contact_phonecall@odata.bind': `/contacts(${contact})`,
      phonecall_activity_parties: [
        { 'partyid_systemuser@odata.bind': `/systemusers(${user})`, participationtypemask: 1 },
        { 'partyid_contact@odata.bind': `/contacts(${contact})`, participationtypemask: 2 },
      ],
    },
  });
  seen.parties = (await api.retrieve({ collection: 'phonecalls', key: call, select: ['subject'], expand: [{ property: 'phonecall_activity_parties', select: ['participationtypemask'] }] })).phonecall_activity_parties.length;
  seen.updated = await api.update({ collection: 'contacts', key: made, data: { jobtitle: 'X' } });
  seen.stale = await api.update({ collection: 'contacts', key: made, data: { jobtitle: 'Y' }, ifmatch: 'W/"1"' });
  await api.updateSingleProperty({ collection: 'contacts', key: made, fieldValuePair: { jobtitle: 'Z' } });
  seen.title = (await api.retrieve({ collection: 'contacts', key: made, select: ['jobtitle'] })).jobtitle;
  await api.disassociateSingleValued({ collection: 'contacts', primaryKey: child, navigationProperty: 'parentcustomerid_account' });
  seen.unlinked = (await api.retrieve({ collection: 'contacts', key: child, select: ['_parentcustomerid_value'] }))._parentcustomerid_value;
  seen.deleted = await api.deleteRecord({ collection: 'contacts', key: made });
  seen.gone = await failure(() => api.retrieve({ collection: 'contacts', key: made, select: ['fullname'] }));
}

async function functions() {
  const privileges = (name, parameters) => api.callFunction({ collection: 'systemusers', key: user, name: `Microsoft.Dynamics.CRM.${name}`, parameters });
  seen.privileges = (await privileges('RetrieveUserPrivileges')).RolePrivileges.length;
  seen.byNames = (await privileges('RetrieveUserSetOfPrivilegesByNames', { PrivilegeNames: ['prvReadContact', 'prvReadAccount'] })).RolePrivileges.map((p) => p.Depth);
  seen.byName = (await privileges('RetrieveUserPrivilegeByPrivilegeName', { PrivilegeName: 'prvReadContact' })).RolePrivileges.length;
  const lead = (await api.retrieveMultiple({ collection: 'leads', select: ['leadid'], filter: 'statecode eq 0', top: 1 })).value[0].leadid;
  seen.qualified = (await api.callAction({
    collection: 'leads', key: lead, actionName: 'Microsoft.Dynamics.CRM.QualifyLead',
    action: { CreateAccount: true, CreateContact: true, CreateOpportunity: true, Status: 3 },
  })).value.map((r) => r['@odata.type']);
  seen.createMultiple = (await api.callAction({
    collection: 'contacts', actionName: 'Microsoft.Dynamics.CRM.CreateMultiple',
    action: { Targets: [{ '@odata.type': 'Microsoft.Dynamics.CRM.contact', lastname: 'x' }, { '@odata.type': 'Microsoft.Dynamics.CRM.contact', lastname: 'y' }] },
  })).Ids.length;
  const entities = await api.retrieveEntities({ select: ['LogicalName', 'EntitySetName', 'Privileges'], filter: "LogicalName eq 'contact' or LogicalName eq 'account'" });
  seen.entities = entities.value.map((e) => [e.LogicalName, e.EntitySetName, e.Privileges.length]);
  seen.entity = (await api.retrieveEntity({ key: "LogicalName='contact'", select: ['ObjectTypeCode'] })).ObjectTypeCode;
  seen.attributes = (await api.retrieveAttributes({ entityKey: "LogicalName='contact'", select: ['LogicalName', 'AttributeType', 'IsSecured', 'MetadataId'] })).value.length;
  const picklists = await api.retrieveAttributes({
    entityKey: "LogicalName='contact'", castType: 'Microsoft.Dynamics.CRM.PicklistAttributeMetadata', select: ['LogicalName'],
    expand: [{ property: 'OptionSet' }, { property: 'GlobalOptionSet' }],
  });
  seen.options = picklists.value.find((a) => a.LogicalName === 'preferredcontactmethodcode').OptionSet.Options.map((o) => o.Label.UserLocalizedLabel.Label);
  seen.csdl = (await api.retrieveCsdlMetadata({ addAnnotations: true })).includes('EntityType Name="contact"');
}

async function batches() {
  api.startBatch();
  api.create({ collection: 'tasks', data: { subject: 'T' }, contentId: '1' });
  api.retrieveMultiple({ collection: 'contacts', select: ['contactid'], top: 3 });
  api.count({ collection: 'accounts' });
  const answers = await api.executeBatch({ continueOnError: true });
  seen.batch = { task: answers[0].length, contacts: answers[1].value.length, accounts: answers[2] > 0 };
  api.startBatch();
  api.retrieveMultiple({ collection: 'foos' });
  api.callFunction('WhoAmI');
  seen.batchFailed = (await api.executeBatch({ continueOnError: true })).map((a) => a.UserId ?? [a.status, a.error?.code]);
  seen.missing = await failure(() => api.retrieveMultiple({ collection: 'foos' }));
  seen.limited = await failure(() => api.retrieveMultiple({ collection: 'campaigns' }));
}

(async () => {
  const contact = await reading();
  await writing(contact);
  await functions();
  await batches();
  console.log(JSON.stringify(seen));
})().catch((e) => { console.error(e, JSON.stringify(seen)); process.exit(1); });
