-- The first format. Ids are UUIDs in 16 bytes, instants microseconds since 1970 UTC, dates ISO text, amounts minor
-- units with their ISO 4217 currency, lists JSON. A column `…_key` holds its neighbour's text as it is compared:
-- lower case, without accents. `row` is the place in the order of creation. `…_text` holds the words by which a live
-- record is found, `…_words` is their index: the words themselves, their beginnings after U+0081, their groups of three
-- letters after U+0082, and words less one letter after U+0083. For `IN` with three values or more SQLite makes a table at
-- every insert, so longer lists are written with `OR`. Most lists are empty, which is told without parsing them.

-- What every write looks at, and counters that are given back when a transaction is rolled back.
CREATE TABLE crm_meta (
    name TEXT PRIMARY KEY,
    value INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
INSERT INTO crm_meta (name, value) VALUES ('authority', 0);

CREATE TABLE crm_counter (
    name TEXT PRIMARY KEY,
    last INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE crm_settings (
    "row" INTEGER PRIMARY KEY,
    id BLOB NOT NULL UNIQUE CHECK (length(id) = 16),
    version INTEGER NOT NULL CHECK (version > 0),
    created_at INTEGER NOT NULL,
    created_by BLOB,
    updated_at INTEGER NOT NULL,
    updated_by BLOB,
    deletion BLOB,
    deleted_at INTEGER,
    deleted_by BLOB,
    time_zone TEXT NOT NULL,
    phone_region TEXT NOT NULL,
    base_currency TEXT NOT NULL,
    fiscal_year_start INTEGER NOT NULL,
    shared_emails INTEGER NOT NULL CHECK (shared_emails IN (0, 1)),
    lost_reason_required INTEGER NOT NULL CHECK (lost_reason_required IN (0, 1)),
    code_prefix TEXT NOT NULL,
    code_digits INTEGER NOT NULL,
    all_day_hour INTEGER NOT NULL,
    attachment_limit INTEGER NOT NULL
) STRICT;
CREATE INDEX crm_settings_trash ON crm_settings (created_at) WHERE deletion IS NOT NULL;

CREATE TABLE crm_role (
    "row" INTEGER PRIMARY KEY,
    id BLOB NOT NULL UNIQUE CHECK (length(id) = 16),
    version INTEGER NOT NULL CHECK (version > 0),
    created_at INTEGER NOT NULL,
    created_by BLOB,
    updated_at INTEGER NOT NULL,
    updated_by BLOB,
    deletion BLOB,
    deleted_at INTEGER,
    deleted_by BLOB,
    "key" TEXT NOT NULL,
    key_key TEXT NOT NULL,
    name TEXT NOT NULL,
    grants TEXT NOT NULL CHECK (json_valid(grants)),
    journal_view INTEGER NOT NULL CHECK (journal_view IN (0, 1)),
    users_manage INTEGER NOT NULL CHECK (users_manage IN (0, 1)),
    settings_edit INTEGER NOT NULL CHECK (settings_edit IN (0, 1))
) STRICT;
CREATE INDEX crm_role_trash ON crm_role (created_at) WHERE deletion IS NOT NULL;

CREATE TABLE crm_user (
    "row" INTEGER PRIMARY KEY,
    id BLOB NOT NULL UNIQUE CHECK (length(id) = 16),
    version INTEGER NOT NULL CHECK (version > 0),
    created_at INTEGER NOT NULL,
    created_by BLOB,
    updated_at INTEGER NOT NULL,
    updated_by BLOB,
    deletion BLOB,
    deleted_at INTEGER,
    deleted_by BLOB,
    username TEXT NOT NULL,
    username_key TEXT NOT NULL,
    given_name TEXT NOT NULL,
    given_name_key TEXT NOT NULL,
    family_name TEXT NOT NULL,
    family_name_key TEXT NOT NULL,
    email TEXT,
    email_key TEXT,
    phone TEXT,
    role BLOB NOT NULL REFERENCES crm_role (id),
    team TEXT,
    team_key TEXT,
    time_zone TEXT,
    active INTEGER NOT NULL CHECK (active IN (0, 1))
) STRICT;
CREATE INDEX crm_user_role ON crm_user (role);
CREATE INDEX crm_user_team ON crm_user (team) WHERE team IS NOT NULL;
CREATE INDEX crm_user_trash ON crm_user (created_at) WHERE deletion IS NOT NULL;
CREATE TABLE crm_user_text (
    "row" INTEGER PRIMARY KEY,
    words TEXT NOT NULL
) STRICT;
CREATE VIRTUAL TABLE crm_user_words USING fts5 (
    tokens,
    content = '', tokenize = 'ascii tokenchars ''!"#$%&''''()*+,-./:;<=>?@[\]^_`{|}~''',
    detail = none, columnsize = 0
);
INSERT INTO crm_user_words (crm_user_words, rank) VALUES ('pgsz', 4000);
INSERT INTO crm_user_words (crm_user_words, rank) VALUES ('automerge', 8);

CREATE TABLE crm_pipeline (
    "row" INTEGER PRIMARY KEY,
    id BLOB NOT NULL UNIQUE CHECK (length(id) = 16),
    version INTEGER NOT NULL CHECK (version > 0),
    created_at INTEGER NOT NULL,
    created_by BLOB,
    updated_at INTEGER NOT NULL,
    updated_by BLOB,
    deletion BLOB,
    deleted_at INTEGER,
    deleted_by BLOB,
    name TEXT NOT NULL,
    name_key TEXT NOT NULL,
    "default" INTEGER NOT NULL CHECK ("default" IN (0, 1)),
    stages TEXT NOT NULL CHECK (json_valid(stages))
) STRICT;
CREATE INDEX crm_pipeline_trash ON crm_pipeline (created_at) WHERE deletion IS NOT NULL;

CREATE TABLE crm_custom_field (
    "row" INTEGER PRIMARY KEY,
    id BLOB NOT NULL UNIQUE CHECK (length(id) = 16),
    version INTEGER NOT NULL CHECK (version > 0),
    created_at INTEGER NOT NULL,
    created_by BLOB,
    updated_at INTEGER NOT NULL,
    updated_by BLOB,
    deletion BLOB,
    deleted_at INTEGER,
    deleted_by BLOB,
    entity TEXT NOT NULL,
    "key" TEXT NOT NULL,
    key_key TEXT NOT NULL,
    label TEXT NOT NULL,
    type TEXT NOT NULL CHECK (type = 'text' OR type = 'number' OR type = 'money' OR type = 'date' OR type = 'instant' OR type = 'bool' OR type = 'choice' OR type = 'choices' OR type = 'url' OR type = 'email' OR type = 'phone' OR type = 'reference'),
    required INTEGER NOT NULL CHECK (required IN (0, 1)),
    options TEXT NOT NULL CHECK (options = '[]' OR json_valid(options)),
    target TEXT,
    active INTEGER NOT NULL CHECK (active IN (0, 1)),
    path TEXT NOT NULL
) STRICT;
CREATE INDEX crm_custom_field_trash ON crm_custom_field (created_at) WHERE deletion IS NOT NULL;

CREATE TABLE crm_rate (
    "row" INTEGER PRIMARY KEY,
    id BLOB NOT NULL UNIQUE CHECK (length(id) = 16),
    version INTEGER NOT NULL CHECK (version > 0),
    created_at INTEGER NOT NULL,
    created_by BLOB,
    updated_at INTEGER NOT NULL,
    updated_by BLOB,
    deletion BLOB,
    deleted_at INTEGER,
    deleted_by BLOB,
    "from" TEXT NOT NULL,
    from_key TEXT NOT NULL,
    "to" TEXT NOT NULL,
    to_key TEXT NOT NULL,
    valid_from TEXT NOT NULL,
    rate TEXT NOT NULL,
    slot TEXT NOT NULL
) STRICT;
CREATE INDEX crm_rate_pair ON crm_rate ("from_key", "to_key", valid_from) WHERE deletion IS NULL;
CREATE INDEX crm_rate_trash ON crm_rate (created_at) WHERE deletion IS NOT NULL;

CREATE TABLE crm_saved_view (
    "row" INTEGER PRIMARY KEY,
    id BLOB NOT NULL UNIQUE CHECK (length(id) = 16),
    version INTEGER NOT NULL CHECK (version > 0),
    created_at INTEGER NOT NULL,
    created_by BLOB,
    updated_at INTEGER NOT NULL,
    updated_by BLOB,
    deletion BLOB,
    deleted_at INTEGER,
    deleted_by BLOB,
    name TEXT NOT NULL,
    name_key TEXT NOT NULL,
    entity TEXT NOT NULL,
    query TEXT NOT NULL CHECK (json_valid(query)),
    owner BLOB REFERENCES crm_user (id)
) STRICT;
CREATE INDEX crm_saved_view_owner ON crm_saved_view (owner) WHERE owner IS NOT NULL;
CREATE INDEX crm_saved_view_trash ON crm_saved_view (created_at) WHERE deletion IS NOT NULL;
CREATE TABLE crm_saved_view_text (
    "row" INTEGER PRIMARY KEY,
    words TEXT NOT NULL
) STRICT;
CREATE VIRTUAL TABLE crm_saved_view_words USING fts5 (
    tokens,
    content = '', tokenize = 'ascii tokenchars ''!"#$%&''''()*+,-./:;<=>?@[\]^_`{|}~''',
    detail = none, columnsize = 0
);
INSERT INTO crm_saved_view_words (crm_saved_view_words, rank) VALUES ('pgsz', 4000);
INSERT INTO crm_saved_view_words (crm_saved_view_words, rank) VALUES ('automerge', 8);

CREATE TABLE crm_product (
    "row" INTEGER PRIMARY KEY,
    id BLOB NOT NULL UNIQUE CHECK (length(id) = 16),
    version INTEGER NOT NULL CHECK (version > 0),
    created_at INTEGER NOT NULL,
    created_by BLOB,
    updated_at INTEGER NOT NULL,
    updated_by BLOB,
    deletion BLOB,
    deleted_at INTEGER,
    deleted_by BLOB,
    sku TEXT,
    sku_key TEXT,
    name TEXT NOT NULL,
    name_key TEXT NOT NULL,
    description TEXT NOT NULL,
    price_minor INTEGER,
    price_currency TEXT,
    active INTEGER NOT NULL CHECK (active IN (0, 1)),
    custom TEXT CHECK (json_valid(custom)),
    custom_key TEXT CHECK (json_valid(custom_key))
) STRICT;
CREATE INDEX crm_product_created_at ON crm_product (created_at) WHERE deletion IS NULL;
CREATE INDEX crm_product_name ON crm_product (name_key) WHERE deletion IS NULL;
CREATE INDEX crm_product_trash ON crm_product (created_at) WHERE deletion IS NOT NULL;
CREATE TABLE crm_product_text (
    "row" INTEGER PRIMARY KEY,
    words TEXT NOT NULL
) STRICT;
CREATE VIRTUAL TABLE crm_product_words USING fts5 (
    tokens,
    content = '', tokenize = 'ascii tokenchars ''!"#$%&''''()*+,-./:;<=>?@[\]^_`{|}~''',
    detail = none, columnsize = 0
);
INSERT INTO crm_product_words (crm_product_words, rank) VALUES ('pgsz', 4000);
INSERT INTO crm_product_words (crm_product_words, rank) VALUES ('automerge', 8);

CREATE TABLE crm_customer (
    "row" INTEGER PRIMARY KEY,
    id BLOB NOT NULL UNIQUE CHECK (length(id) = 16),
    version INTEGER NOT NULL CHECK (version > 0),
    created_at INTEGER NOT NULL,
    created_by BLOB,
    updated_at INTEGER NOT NULL,
    updated_by BLOB,
    deletion BLOB,
    deleted_at INTEGER,
    deleted_by BLOB,
    code TEXT,
    code_number INTEGER,
    kind TEXT NOT NULL CHECK (kind IN ('individual', 'business')),
    status TEXT NOT NULL CHECK (status = 'lead' OR status = 'prospect' OR status = 'active' OR status = 'inactive'),
    name TEXT NOT NULL,
    name_key TEXT NOT NULL,
    given_name TEXT,
    given_name_key TEXT,
    family_name TEXT,
    family_name_key TEXT,
    company TEXT,
    company_key TEXT,
    emails TEXT NOT NULL CHECK (emails = '[]' OR json_valid(emails)),
    phones TEXT NOT NULL CHECK (phones = '[]' OR json_valid(phones)),
    website TEXT,
    address_street TEXT,
    address_city TEXT,
    address_city_key TEXT,
    address_state TEXT,
    address_state_key TEXT,
    address_postal_code TEXT,
    address_postal_code_key TEXT,
    address_country TEXT,
    address_country_key TEXT,
    tags TEXT NOT NULL CHECK (tags = '[]' OR json_valid(tags)),
    description TEXT NOT NULL,
    source TEXT,
    source_key TEXT,
    owner BLOB REFERENCES crm_user (id),
    parent BLOB REFERENCES crm_customer (id),
    external_ids TEXT NOT NULL CHECK (external_ids = '{}' OR json_valid(external_ids)),
    extra TEXT NOT NULL CHECK (extra = '{}' OR json_valid(extra)),
    lead_status TEXT CHECK (lead_status = 'new' OR lead_status = 'contacted' OR lead_status = 'qualified' OR lead_status = 'lost' OR lead_status = 'converted'),
    lead_priority TEXT CHECK (lead_priority = 'low' OR lead_priority = 'medium' OR lead_priority = 'high'),
    lead_estimated_value_minor INTEGER,
    lead_estimated_value_currency TEXT,
    lead_lost_reason TEXT,
    converted_opportunity BLOB REFERENCES crm_opportunity (id),
    converted_contact BLOB REFERENCES crm_contact (id),
    merged_into BLOB REFERENCES crm_customer (id),
    custom TEXT CHECK (json_valid(custom)),
    custom_key TEXT CHECK (json_valid(custom_key))
) STRICT;
CREATE UNIQUE INDEX crm_customer_code ON crm_customer (code);
CREATE INDEX crm_customer_created_at ON crm_customer (created_at) WHERE deletion IS NULL;
CREATE INDEX crm_customer_number ON crm_customer (code_number) WHERE deletion IS NULL;
CREATE INDEX crm_customer_name ON crm_customer (name_key) WHERE deletion IS NULL;
CREATE INDEX crm_customer_status_created_at ON crm_customer (status, created_at) WHERE deletion IS NULL;
CREATE INDEX crm_customer_status_name ON crm_customer (status, name_key) WHERE deletion IS NULL;
CREATE INDEX crm_customer_owner_created_at ON crm_customer (owner, created_at) WHERE owner IS NOT NULL;
CREATE INDEX crm_customer_converted_opportunity ON crm_customer (converted_opportunity) WHERE converted_opportunity IS NOT NULL;
CREATE INDEX crm_customer_converted_contact ON crm_customer (converted_contact) WHERE converted_contact IS NOT NULL;
CREATE INDEX crm_customer_merged_into ON crm_customer (merged_into) WHERE merged_into IS NOT NULL;
CREATE INDEX crm_customer_parent ON crm_customer (parent) WHERE parent IS NOT NULL;
CREATE INDEX crm_customer_postal_code ON crm_customer (address_postal_code_key) WHERE address_postal_code_key IS NOT NULL;
CREATE INDEX crm_customer_trash ON crm_customer (created_at) WHERE deletion IS NOT NULL;
CREATE TABLE crm_customer_text (
    "row" INTEGER PRIMARY KEY,
    words TEXT NOT NULL
) STRICT;
CREATE VIRTUAL TABLE crm_customer_words USING fts5 (
    tokens,
    content = '', tokenize = 'ascii tokenchars ''!"#$%&''''()*+,-./:;<=>?@[\]^_`{|}~''',
    detail = none, columnsize = 0
);
INSERT INTO crm_customer_words (crm_customer_words, rank) VALUES ('pgsz', 4000);
INSERT INTO crm_customer_words (crm_customer_words, rank) VALUES ('automerge', 8);

CREATE TABLE crm_contact (
    "row" INTEGER PRIMARY KEY,
    id BLOB NOT NULL UNIQUE CHECK (length(id) = 16),
    version INTEGER NOT NULL CHECK (version > 0),
    created_at INTEGER NOT NULL,
    created_by BLOB,
    updated_at INTEGER NOT NULL,
    updated_by BLOB,
    deletion BLOB,
    deleted_at INTEGER,
    deleted_by BLOB,
    customer BLOB NOT NULL REFERENCES crm_customer (id),
    given_name TEXT NOT NULL,
    given_name_key TEXT NOT NULL,
    family_name TEXT NOT NULL,
    family_name_key TEXT NOT NULL,
    emails TEXT NOT NULL CHECK (emails = '[]' OR json_valid(emails)),
    phones TEXT NOT NULL CHECK (phones = '[]' OR json_valid(phones)),
    position TEXT,
    position_key TEXT,
    department TEXT,
    department_key TEXT,
    "primary" INTEGER NOT NULL CHECK ("primary" IN (0, 1)),
    birthday TEXT,
    address_street TEXT,
    address_city TEXT,
    address_city_key TEXT,
    address_state TEXT,
    address_state_key TEXT,
    address_postal_code TEXT,
    address_postal_code_key TEXT,
    address_country TEXT,
    address_country_key TEXT,
    description TEXT NOT NULL,
    external_ids TEXT NOT NULL CHECK (external_ids = '{}' OR json_valid(external_ids)),
    extra TEXT NOT NULL CHECK (extra = '{}' OR json_valid(extra)),
    merged_into BLOB REFERENCES crm_contact (id),
    custom TEXT CHECK (json_valid(custom)),
    custom_key TEXT CHECK (json_valid(custom_key))
) STRICT;
CREATE INDEX crm_contact_created_at ON crm_contact (created_at) WHERE deletion IS NULL;
CREATE INDEX crm_contact_family_name_given_name ON crm_contact (family_name_key, given_name_key) WHERE deletion IS NULL;
CREATE INDEX crm_contact_merged_into ON crm_contact (merged_into) WHERE merged_into IS NOT NULL;
CREATE INDEX crm_contact_customer ON crm_contact (customer);
CREATE INDEX crm_contact_postal_code ON crm_contact (address_postal_code_key) WHERE address_postal_code_key IS NOT NULL;
CREATE INDEX crm_contact_birthday ON crm_contact (birthday) WHERE birthday IS NOT NULL;
CREATE INDEX crm_contact_trash ON crm_contact (created_at) WHERE deletion IS NOT NULL;
CREATE TABLE crm_contact_text (
    "row" INTEGER PRIMARY KEY,
    words TEXT NOT NULL
) STRICT;
CREATE VIRTUAL TABLE crm_contact_words USING fts5 (
    tokens,
    content = '', tokenize = 'ascii tokenchars ''!"#$%&''''()*+,-./:;<=>?@[\]^_`{|}~''',
    detail = none, columnsize = 0
);
INSERT INTO crm_contact_words (crm_contact_words, rank) VALUES ('pgsz', 4000);
INSERT INTO crm_contact_words (crm_contact_words, rank) VALUES ('automerge', 8);

CREATE TABLE crm_opportunity (
    "row" INTEGER PRIMARY KEY,
    id BLOB NOT NULL UNIQUE CHECK (length(id) = 16),
    version INTEGER NOT NULL CHECK (version > 0),
    created_at INTEGER NOT NULL,
    created_by BLOB,
    updated_at INTEGER NOT NULL,
    updated_by BLOB,
    deletion BLOB,
    deleted_at INTEGER,
    deleted_by BLOB,
    customer BLOB NOT NULL REFERENCES crm_customer (id),
    contacts TEXT NOT NULL CHECK (contacts = '[]' OR json_valid(contacts)),
    name TEXT NOT NULL,
    name_key TEXT NOT NULL,
    pipeline BLOB REFERENCES crm_pipeline (id),
    stage TEXT NOT NULL,
    stage_key TEXT NOT NULL,
    status TEXT NOT NULL CHECK (status = 'open' OR status = 'won' OR status = 'lost'),
    amount_minor INTEGER,
    amount_currency TEXT,
    probability INTEGER,
    opened_on TEXT,
    closed_on TEXT,
    expected_close_on TEXT,
    cycle_days INTEGER,
    owner BLOB REFERENCES crm_user (id),
    external_ids TEXT NOT NULL CHECK (external_ids = '{}' OR json_valid(external_ids)),
    lost_reason TEXT,
    lost_reason_key TEXT,
    source TEXT,
    source_key TEXT,
    tags TEXT NOT NULL CHECK (tags = '[]' OR json_valid(tags)),
    lines TEXT NOT NULL CHECK (lines = '[]' OR json_valid(lines)),
    stage_since INTEGER,
    stage_times TEXT NOT NULL CHECK (stage_times = '[]' OR json_valid(stage_times)),
    custom TEXT CHECK (json_valid(custom)),
    custom_key TEXT CHECK (json_valid(custom_key))
) STRICT;
CREATE INDEX crm_opportunity_created_at ON crm_opportunity (created_at) WHERE deletion IS NULL;
CREATE INDEX crm_opportunity_customer ON crm_opportunity (customer);
CREATE INDEX crm_opportunity_pipeline_stage ON crm_opportunity (pipeline, stage_key);
CREATE INDEX crm_opportunity_status_closed_on ON crm_opportunity (status, closed_on) WHERE deletion IS NULL;
CREATE INDEX crm_opportunity_owner_created_at ON crm_opportunity (owner, created_at) WHERE owner IS NOT NULL;
CREATE INDEX crm_opportunity_trash ON crm_opportunity (created_at) WHERE deletion IS NOT NULL;
CREATE TABLE crm_opportunity_text (
    "row" INTEGER PRIMARY KEY,
    words TEXT NOT NULL
) STRICT;
CREATE VIRTUAL TABLE crm_opportunity_words USING fts5 (
    tokens,
    content = '', tokenize = 'ascii tokenchars ''!"#$%&''''()*+,-./:;<=>?@[\]^_`{|}~''',
    detail = none, columnsize = 0
);
INSERT INTO crm_opportunity_words (crm_opportunity_words, rank) VALUES ('pgsz', 4000);
INSERT INTO crm_opportunity_words (crm_opportunity_words, rank) VALUES ('automerge', 8);

CREATE TABLE crm_interaction (
    "row" INTEGER PRIMARY KEY,
    id BLOB NOT NULL UNIQUE CHECK (length(id) = 16),
    version INTEGER NOT NULL CHECK (version > 0),
    created_at INTEGER NOT NULL,
    created_by BLOB,
    updated_at INTEGER NOT NULL,
    updated_by BLOB,
    deletion BLOB,
    deleted_at INTEGER,
    deleted_by BLOB,
    customer BLOB NOT NULL REFERENCES crm_customer (id),
    contacts TEXT NOT NULL CHECK (contacts = '[]' OR json_valid(contacts)),
    opportunity BLOB REFERENCES crm_opportunity (id),
    kind TEXT NOT NULL CHECK (kind = 'call' OR kind = 'email' OR kind = 'meeting' OR kind = 'message' OR kind = 'visit' OR kind = 'other'),
    direction TEXT CHECK (direction IN ('inbound', 'outbound')),
    subject TEXT NOT NULL,
    subject_key TEXT NOT NULL,
    notes TEXT NOT NULL,
    occurred_at INTEGER,
    duration INTEGER,
    location TEXT,
    outcome TEXT,
    outcome_key TEXT,
    employee BLOB REFERENCES crm_user (id),
    employee_comment TEXT
) STRICT;
CREATE INDEX crm_interaction_created_at ON crm_interaction (created_at) WHERE deletion IS NULL;
CREATE INDEX crm_interaction_customer_occurred_at ON crm_interaction (customer, occurred_at);
CREATE INDEX crm_interaction_occurred_at ON crm_interaction (occurred_at) WHERE deletion IS NULL;
CREATE INDEX crm_interaction_opportunity ON crm_interaction (opportunity) WHERE opportunity IS NOT NULL;
CREATE INDEX crm_interaction_employee ON crm_interaction (employee) WHERE employee IS NOT NULL;
CREATE INDEX crm_interaction_trash ON crm_interaction (created_at) WHERE deletion IS NOT NULL;
CREATE TABLE crm_interaction_text (
    "row" INTEGER PRIMARY KEY,
    words TEXT NOT NULL
) STRICT;
CREATE VIRTUAL TABLE crm_interaction_words USING fts5 (
    tokens,
    content = '', tokenize = 'ascii tokenchars ''!"#$%&''''()*+,-./:;<=>?@[\]^_`{|}~''',
    detail = none, columnsize = 0
);
INSERT INTO crm_interaction_words (crm_interaction_words, rank) VALUES ('pgsz', 4000);
INSERT INTO crm_interaction_words (crm_interaction_words, rank) VALUES ('automerge', 8);

CREATE TABLE crm_reminder (
    "row" INTEGER PRIMARY KEY,
    id BLOB NOT NULL UNIQUE CHECK (length(id) = 16),
    version INTEGER NOT NULL CHECK (version > 0),
    created_at INTEGER NOT NULL,
    created_by BLOB,
    updated_at INTEGER NOT NULL,
    updated_by BLOB,
    deletion BLOB,
    deleted_at INTEGER,
    deleted_by BLOB,
    customer BLOB NOT NULL REFERENCES crm_customer (id),
    interaction BLOB REFERENCES crm_interaction (id),
    opportunity BLOB REFERENCES crm_opportunity (id),
    title TEXT NOT NULL,
    title_key TEXT NOT NULL,
    notes TEXT NOT NULL,
    due_date TEXT NOT NULL,
    due_time TEXT,
    due_zone TEXT,
    due_at INTEGER,
    recurrence TEXT,
    anchor_date TEXT,
    anchor_time TEXT,
    anchor_zone TEXT,
    assignee BLOB REFERENCES crm_user (id),
    priority TEXT NOT NULL CHECK (priority = 'low' OR priority = 'medium' OR priority = 'high'),
    offsets TEXT NOT NULL CHECK (offsets = '[]' OR json_valid(offsets)),
    status TEXT NOT NULL CHECK (status = 'pending' OR status = 'sent' OR status = 'failed' OR status = 'snoozed' OR status = 'done' OR status = 'cancelled'),
    snoozed_until INTEGER
) STRICT;
CREATE INDEX crm_reminder_created_at ON crm_reminder (created_at) WHERE deletion IS NULL;
CREATE INDEX crm_reminder_customer ON crm_reminder (customer);
CREATE INDEX crm_reminder_interaction ON crm_reminder (interaction) WHERE interaction IS NOT NULL;
CREATE INDEX crm_reminder_opportunity ON crm_reminder (opportunity) WHERE opportunity IS NOT NULL;
CREATE INDEX crm_reminder_status_due_date ON crm_reminder (status, due_date) WHERE deletion IS NULL;
CREATE INDEX crm_reminder_assignee_due_date ON crm_reminder (assignee, due_date) WHERE assignee IS NOT NULL;
CREATE INDEX crm_reminder_trash ON crm_reminder (created_at) WHERE deletion IS NOT NULL;
CREATE TABLE crm_reminder_text (
    "row" INTEGER PRIMARY KEY,
    words TEXT NOT NULL
) STRICT;
CREATE VIRTUAL TABLE crm_reminder_words USING fts5 (
    tokens,
    content = '', tokenize = 'ascii tokenchars ''!"#$%&''''()*+,-./:;<=>?@[\]^_`{|}~''',
    detail = none, columnsize = 0
);
INSERT INTO crm_reminder_words (crm_reminder_words, rank) VALUES ('pgsz', 4000);
INSERT INTO crm_reminder_words (crm_reminder_words, rank) VALUES ('automerge', 8);

CREATE TABLE crm_note (
    "row" INTEGER PRIMARY KEY,
    id BLOB NOT NULL UNIQUE CHECK (length(id) = 16),
    version INTEGER NOT NULL CHECK (version > 0),
    created_at INTEGER NOT NULL,
    created_by BLOB,
    updated_at INTEGER NOT NULL,
    updated_by BLOB,
    deletion BLOB,
    deleted_at INTEGER,
    deleted_by BLOB,
    customer BLOB NOT NULL REFERENCES crm_customer (id),
    opportunity BLOB REFERENCES crm_opportunity (id),
    author BLOB REFERENCES crm_user (id),
    body TEXT NOT NULL,
    pinned INTEGER NOT NULL CHECK (pinned IN (0, 1))
) STRICT;
CREATE INDEX crm_note_created_at ON crm_note (created_at) WHERE deletion IS NULL;
CREATE INDEX crm_note_customer ON crm_note (customer);
CREATE INDEX crm_note_opportunity ON crm_note (opportunity) WHERE opportunity IS NOT NULL;
CREATE INDEX crm_note_author ON crm_note (author) WHERE author IS NOT NULL;
CREATE INDEX crm_note_trash ON crm_note (created_at) WHERE deletion IS NOT NULL;
CREATE TABLE crm_note_text (
    "row" INTEGER PRIMARY KEY,
    words TEXT NOT NULL
) STRICT;
CREATE VIRTUAL TABLE crm_note_words USING fts5 (
    tokens,
    content = '', tokenize = 'ascii tokenchars ''!"#$%&''''()*+,-./:;<=>?@[\]^_`{|}~''',
    detail = none, columnsize = 0
);
INSERT INTO crm_note_words (crm_note_words, rank) VALUES ('pgsz', 4000);
INSERT INTO crm_note_words (crm_note_words, rank) VALUES ('automerge', 8);

-- `quantity` is in millionths.
CREATE TABLE crm_sale (
    "row" INTEGER PRIMARY KEY,
    id BLOB NOT NULL UNIQUE CHECK (length(id) = 16),
    version INTEGER NOT NULL CHECK (version > 0),
    created_at INTEGER NOT NULL,
    created_by BLOB,
    updated_at INTEGER NOT NULL,
    updated_by BLOB,
    deletion BLOB,
    deleted_at INTEGER,
    deleted_by BLOB,
    customer BLOB NOT NULL REFERENCES crm_customer (id),
    product BLOB REFERENCES crm_product (id),
    opportunity BLOB REFERENCES crm_opportunity (id),
    refund_of BLOB REFERENCES crm_sale (id),
    quantity INTEGER NOT NULL,
    unit_price_minor INTEGER,
    unit_price_currency TEXT,
    amount_minor INTEGER,
    amount_currency TEXT,
    sold_at INTEGER,
    employee BLOB REFERENCES crm_user (id)
) STRICT;
CREATE INDEX crm_sale_created_at ON crm_sale (created_at) WHERE deletion IS NULL;
CREATE INDEX crm_sale_customer_sold_at ON crm_sale (customer, sold_at);
CREATE INDEX crm_sale_sold_at ON crm_sale (sold_at) WHERE deletion IS NULL;
CREATE INDEX crm_sale_product ON crm_sale (product) WHERE product IS NOT NULL;
CREATE INDEX crm_sale_opportunity ON crm_sale (opportunity) WHERE opportunity IS NOT NULL;
CREATE INDEX crm_sale_refund_of ON crm_sale (refund_of) WHERE refund_of IS NOT NULL;
CREATE INDEX crm_sale_employee ON crm_sale (employee) WHERE employee IS NOT NULL;
CREATE INDEX crm_sale_trash ON crm_sale (created_at) WHERE deletion IS NOT NULL;

CREATE TABLE crm_feedback (
    "row" INTEGER PRIMARY KEY,
    id BLOB NOT NULL UNIQUE CHECK (length(id) = 16),
    version INTEGER NOT NULL CHECK (version > 0),
    created_at INTEGER NOT NULL,
    created_by BLOB,
    updated_at INTEGER NOT NULL,
    updated_by BLOB,
    deletion BLOB,
    deleted_at INTEGER,
    deleted_by BLOB,
    customer BLOB NOT NULL REFERENCES crm_customer (id),
    text TEXT NOT NULL,
    rating INTEGER CHECK (rating BETWEEN 1 AND 5),
    channel TEXT,
    channel_key TEXT,
    provided_at INTEGER
) STRICT;
CREATE INDEX crm_feedback_created_at ON crm_feedback (created_at) WHERE deletion IS NULL;
CREATE INDEX crm_feedback_customer_provided_at ON crm_feedback (customer, provided_at);
CREATE INDEX crm_feedback_provided_at ON crm_feedback (provided_at) WHERE deletion IS NULL;
CREATE INDEX crm_feedback_trash ON crm_feedback (created_at) WHERE deletion IS NOT NULL;
CREATE TABLE crm_feedback_text (
    "row" INTEGER PRIMARY KEY,
    words TEXT NOT NULL
) STRICT;
CREATE VIRTUAL TABLE crm_feedback_words USING fts5 (
    tokens,
    content = '', tokenize = 'ascii tokenchars ''!"#$%&''''()*+,-./:;<=>?@[\]^_`{|}~''',
    detail = none, columnsize = 0
);
INSERT INTO crm_feedback_words (crm_feedback_words, rank) VALUES ('pgsz', 4000);
INSERT INTO crm_feedback_words (crm_feedback_words, rank) VALUES ('automerge', 8);

CREATE TABLE crm_attachment (
    "row" INTEGER PRIMARY KEY,
    id BLOB NOT NULL UNIQUE CHECK (length(id) = 16),
    version INTEGER NOT NULL CHECK (version > 0),
    created_at INTEGER NOT NULL,
    created_by BLOB,
    updated_at INTEGER NOT NULL,
    updated_by BLOB,
    deletion BLOB,
    deleted_at INTEGER,
    deleted_by BLOB,
    customer BLOB NOT NULL REFERENCES crm_customer (id),
    interaction BLOB REFERENCES crm_interaction (id),
    opportunity BLOB REFERENCES crm_opportunity (id),
    note BLOB REFERENCES crm_note (id),
    file_name TEXT NOT NULL,
    file_name_key TEXT NOT NULL,
    media_type TEXT NOT NULL,
    media_type_key TEXT NOT NULL,
    size INTEGER NOT NULL,
    sha256 TEXT NOT NULL,
    sha256_key TEXT NOT NULL
) STRICT;
CREATE INDEX crm_attachment_created_at ON crm_attachment (created_at) WHERE deletion IS NULL;
CREATE INDEX crm_attachment_customer ON crm_attachment (customer);
CREATE INDEX crm_attachment_interaction ON crm_attachment (interaction) WHERE interaction IS NOT NULL;
CREATE INDEX crm_attachment_opportunity ON crm_attachment (opportunity) WHERE opportunity IS NOT NULL;
CREATE INDEX crm_attachment_note ON crm_attachment (note) WHERE note IS NOT NULL;
CREATE INDEX crm_attachment_sha256 ON crm_attachment (sha256_key);
CREATE INDEX crm_attachment_trash ON crm_attachment (created_at) WHERE deletion IS NOT NULL;
CREATE TABLE crm_attachment_text (
    "row" INTEGER PRIMARY KEY,
    words TEXT NOT NULL
) STRICT;
CREATE VIRTUAL TABLE crm_attachment_words USING fts5 (
    tokens,
    content = '', tokenize = 'ascii tokenchars ''!"#$%&''''()*+,-./:;<=>?@[\]^_`{|}~''',
    detail = none, columnsize = 0
);
INSERT INTO crm_attachment_words (crm_attachment_words, rank) VALUES ('pgsz', 4000);
INSERT INTO crm_attachment_words (crm_attachment_words, rank) VALUES ('automerge', 8);

-- Customers or contacts that look alike and are not the same.
CREATE TABLE crm_distinction (
    "row" INTEGER PRIMARY KEY,
    id BLOB NOT NULL UNIQUE CHECK (length(id) = 16),
    version INTEGER NOT NULL CHECK (version > 0),
    created_at INTEGER NOT NULL,
    created_by BLOB,
    updated_at INTEGER NOT NULL,
    updated_by BLOB,
    deletion BLOB,
    deleted_at INTEGER,
    deleted_by BLOB,
    customer BLOB NOT NULL REFERENCES crm_customer (id),
    other BLOB REFERENCES crm_customer (id),
    contact BLOB REFERENCES crm_contact (id),
    other_contact BLOB REFERENCES crm_contact (id)
) STRICT;
CREATE INDEX crm_distinction_created_at ON crm_distinction (created_at) WHERE deletion IS NULL;
CREATE INDEX crm_distinction_customer ON crm_distinction (customer);
CREATE INDEX crm_distinction_other ON crm_distinction (other) WHERE other IS NOT NULL;
CREATE INDEX crm_distinction_contact ON crm_distinction (contact) WHERE contact IS NOT NULL;
CREATE INDEX crm_distinction_other_contact ON crm_distinction (other_contact) WHERE other_contact IS NOT NULL;
CREATE INDEX crm_distinction_trash ON crm_distinction (created_at) WHERE deletion IS NOT NULL;

-- The bytes of attachments in pieces, once for each different content; `content` is their SHA-256.
CREATE TABLE crm_chunk (
    "row" INTEGER PRIMARY KEY,
    content BLOB NOT NULL CHECK (length(content) = 32),
    place INTEGER NOT NULL,
    bytes BLOB NOT NULL
) STRICT;
CREATE UNIQUE INDEX crm_chunk_place ON crm_chunk (content, place);

-- Who is told of a reminder, and when. Not journalled.
CREATE TABLE crm_delivery (
    reminder BLOB NOT NULL REFERENCES crm_reminder (id) ON DELETE CASCADE,
    occurrence TEXT NOT NULL,
    "offset" INTEGER NOT NULL,
    fire_at INTEGER NOT NULL,
    try_at INTEGER NOT NULL,
    failures INTEGER NOT NULL,
    worker TEXT,
    delivered_at INTEGER,
    problem TEXT,
    PRIMARY KEY (reminder, occurrence, "offset")
) STRICT, WITHOUT ROWID;
CREATE INDEX crm_delivery_due ON crm_delivery (try_at) WHERE delivered_at IS NULL;

-- Keys by which records are found and kept unique: e-mails, phones, tags, user names, ids in other systems. `shared` is
-- empty where only one record may have the key, and the record where several may: so the primary key is both the lookup
-- and the uniqueness.
CREATE TABLE crm_key (
    kind TEXT NOT NULL,
    field TEXT NOT NULL,
    "key" TEXT NOT NULL,
    shared BLOB NOT NULL CHECK (shared IN (x'', record)),
    record BLOB NOT NULL,
    PRIMARY KEY (kind, field, "key", shared)
) STRICT, WITHOUT ROWID;

-- The journal: one row an operation, one row a changed record. The hash of an operation covers the one before it and
-- the digests of its changes; a digest covers salt, before and after (JSON), which an erasure empties together.
CREATE TABLE crm_operation (
    seq INTEGER PRIMARY KEY,
    id BLOB NOT NULL UNIQUE CHECK (length(id) = 16),
    at INTEGER NOT NULL,
    actor_user BLOB,
    actor_label TEXT,
    command TEXT NOT NULL,
    undoes BLOB,
    import TEXT CHECK (json_valid(import)),
    hash BLOB NOT NULL CHECK (length(hash) = 32)
) STRICT;
CREATE INDEX crm_operation_import ON crm_operation (json_extract(import, '$.import'), seq) WHERE import IS NOT NULL;

CREATE TABLE crm_change (
    operation INTEGER NOT NULL REFERENCES crm_operation (seq),
    place INTEGER NOT NULL,
    kind TEXT NOT NULL,
    record BLOB NOT NULL,
    change TEXT NOT NULL CHECK (change = 'create' OR change = 'update' OR change = 'trash' OR change = 'restore' OR change = 'purge' OR change = 'erase'),
    version INTEGER NOT NULL,
    customer BLOB,
    before TEXT,
    after TEXT,
    salt BLOB CHECK (length(salt) = 16),
    digest BLOB NOT NULL CHECK (length(digest) = 32),
    PRIMARY KEY (operation, place)
) STRICT, WITHOUT ROWID;
CREATE UNIQUE INDEX crm_change_record ON crm_change (record, version);

-- Who may come in. Not journalled.
CREATE TABLE crm_credential (
    user BLOB PRIMARY KEY REFERENCES crm_user (id),
    hash TEXT NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE crm_session (
    token_hash BLOB PRIMARY KEY,
    user BLOB NOT NULL REFERENCES crm_user (id),
    created_at INTEGER NOT NULL,
    expires_at INTEGER NOT NULL,
    revoked_at INTEGER
) STRICT, WITHOUT ROWID;
CREATE INDEX crm_session_user ON crm_session (user);

CREATE TABLE crm_attempt (
    name TEXT PRIMARY KEY,
    failures INTEGER NOT NULL,
    retry_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
