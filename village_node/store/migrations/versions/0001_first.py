"""The first schema: identity, officers, drafts, outbox, inbox, catalogue.

Times are milliseconds since 1970.
"""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "cached_service",
        sa.Column("code", sa.String(length=64), nullable=False),
        sa.Column("version", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("raw", sa.LargeBinary(), nullable=False),
        sa.Column("received_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("code", "version", name=op.f("pk_cached_service")),
    )
    op.create_table(
        "calendar_version",
        sa.Column("version", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("raw", sa.LargeBinary(), nullable=False),
        sa.Column("received_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("version", name=op.f("pk_calendar_version")),
    )
    op.create_table(
        "case_step",
        sa.Column("number", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("bundle_id", sa.LargeBinary(length=32), nullable=False),
        sa.Column("event", sa.String(length=40), nullable=False),
        sa.Column("office", sa.String(length=40), nullable=False),
        sa.Column("stage", sa.String(length=40), nullable=False),
        sa.Column("code", sa.String(length=40), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("ledger_index", sa.Integer(), nullable=False),
        sa.Column("due_on", sa.String(length=10), nullable=True),
        sa.Column("days_left", sa.Integer(), nullable=True),
        sa.Column("amount_rp", sa.Integer(), nullable=True),
        sa.Column("payment_code", sa.String(length=40), nullable=False),
        sa.Column("received_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_case_step")),
    )
    op.create_index("ix_case_step_bundle", "case_step", ["bundle_id", "ledger_index"], unique=False)
    op.create_table(
        "draft",
        sa.Column("draft_id", sa.String(length=26), nullable=False),
        sa.Column("officer_id", sa.String(length=18), nullable=False),
        sa.Column("service", sa.String(length=64), nullable=False),
        sa.Column("service_version", sa.Integer(), nullable=False),
        sa.Column("started_at", sa.BigInteger(), nullable=False),
        sa.Column("changed_at", sa.BigInteger(), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("draft_id", name=op.f("pk_draft")),
    )
    op.create_index(op.f("ix_draft_officer_id"), "draft", ["officer_id"], unique=False)
    op.create_table(
        "fetched_piece",
        sa.Column("document", sa.LargeBinary(length=32), nullable=False),
        sa.Column("position", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("fetched_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("document", "position", name=op.f("pk_fetched_piece")),
    )
    op.create_table(
        "flag",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("code", sa.String(length=60), nullable=False),
        sa.Column("about", sa.LargeBinary(length=32), nullable=False),
        sa.Column("times", sa.Integer(), nullable=False),
        sa.Column("first_at", sa.BigInteger(), nullable=False),
        sa.Column("last_at", sa.BigInteger(), nullable=False),
        sa.Column("evidence", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_flag")),
    )
    op.create_index("uq_flag_code_about", "flag", ["code", "about"], unique=True)
    op.create_table(
        "known_backup",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("through", sa.Integer(), nullable=False),
        sa.Column("noted_at", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("id = 1", name=op.f("ck_known_backup_single")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_known_backup")),
    )
    op.create_table(
        "known_checkpoint",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.Column("root", sa.LargeBinary(length=32), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("seen_at", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("id = 1", name=op.f("ck_known_checkpoint_single")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_known_checkpoint")),
    )
    op.create_table(
        "leased_block",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("year", sa.Integer(), nullable=False),
        sa.Column("first", sa.Integer(), nullable=False),
        sa.Column("last", sa.Integer(), nullable=False),
        sa.Column("next", sa.Integer(), nullable=False),
        sa.Column("received_at", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("first <= next AND next <= last + 1", name=op.f("ck_leased_block_within")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_leased_block")),
    )
    op.create_index("uq_leased_block_year_first", "leased_block", ["year", "first"], unique=True)
    op.create_table(
        "letter",
        sa.Column("number", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("state", sa.String(length=10), nullable=False),
        sa.Column("bundle_id", sa.LargeBinary(length=32), nullable=True),
        sa.Column("request", sa.Integer(), nullable=True),
        sa.Column("received_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_letter")),
    )
    op.create_index("ix_letter_bundle", "letter", ["bundle_id"], unique=False)
    op.create_table(
        "link_attempt",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("outcome", sa.String(length=40), nullable=False),
        sa.Column("times", sa.Integer(), nullable=False),
        sa.Column("first_at", sa.BigInteger(), nullable=False),
        sa.Column("last_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_link_attempt")),
    )
    op.create_table(
        "link_record",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("session", sa.Integer(), nullable=False),
        sa.Column("connected", sa.Boolean(), nullable=False),
        sa.Column("since", sa.BigInteger(), nullable=True),
        sa.Column("reason", sa.String(length=40), nullable=False),
        sa.Column("last_answer_at", sa.BigInteger(), nullable=True),
        sa.Column("last_beacon_at", sa.BigInteger(), nullable=True),
        sa.Column("hub_time", sa.BigInteger(), nullable=True),
        sa.Column("hub_ahead_ms", sa.Integer(), nullable=True),
        sa.CheckConstraint("id = 1", name=op.f("ck_link_record_single")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_link_record")),
    )
    op.create_table(
        "mailbox_key",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("public_key", sa.LargeBinary(length=32), nullable=False),
        sa.CheckConstraint("id = 1", name=op.f("ck_mailbox_key_single")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_mailbox_key")),
    )
    op.create_table(
        "named_office",
        sa.Column("code", sa.String(length=64), nullable=False),
        sa.Column("name", sa.String(length=60), nullable=False),
        sa.PrimaryKeyConstraint("code", name=op.f("pk_named_office")),
    )
    op.create_table(
        "node_identity",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("node_id", sa.String(length=20), nullable=False),
        sa.Column("hub_id", sa.String(length=4), nullable=False),
        sa.Column("village_name", sa.String(length=80), nullable=False),
        sa.Column("subdistrict_name", sa.String(length=80), nullable=False),
        sa.Column("certificate", sa.Text(), nullable=False),
        sa.Column("authority", sa.Text(), nullable=False),
        sa.Column("broker_host", sa.String(length=253), nullable=False),
        sa.Column("broker_port", sa.Integer(), nullable=False),
        sa.Column("log_key", sa.String(length=300), nullable=False),
        sa.Column("message_key", sa.LargeBinary(length=32), nullable=False),
        sa.Column("sealing_key", sa.LargeBinary(length=32), nullable=False),
        sa.Column("permit_key", sa.LargeBinary(length=32), nullable=False),
        sa.Column("hub_url", sa.String(length=300), nullable=False),
        sa.Column("enrolled_at", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("id = 1", name=op.f("ck_node_identity_single")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_node_identity")),
    )
    op.create_table(
        "offered_document",
        sa.Column("document", sa.LargeBinary(length=32), nullable=False),
        sa.Column("pieces", sa.Integer(), nullable=False),
        sa.Column("offered_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("document", name=op.f("pk_offered_document")),
    )
    op.create_table(
        "officer",
        sa.Column("officer_id", sa.String(length=18), nullable=False),
        sa.Column("name", sa.String(length=120), nullable=False),
        sa.Column("public_key", sa.LargeBinary(length=32), nullable=False),
        sa.Column("kdf", sa.String(length=120), nullable=False),
        sa.Column("kdf_salt", sa.LargeBinary(length=16), nullable=False),
        sa.Column("wrapped_vault_key", sa.LargeBinary(length=100), nullable=False),
        sa.Column("sealed_private_key", sa.LargeBinary(length=100), nullable=False),
        sa.Column("box_key", sa.LargeBinary(length=32), nullable=False),
        sa.Column("box_proof", sa.LargeBinary(length=64), nullable=False),
        sa.Column("sealed_box_key", sa.LargeBinary(length=100), nullable=False),
        sa.Column("wrapped_mailbox_key", sa.LargeBinary(length=200), nullable=True),
        sa.Column("certificate", sa.LargeBinary(), nullable=True),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("certified_at", sa.BigInteger(), nullable=True),
        sa.Column("wrong_pins", sa.Integer(), nullable=False),
        sa.Column("locked_until", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("officer_id", name=op.f("pk_officer")),
        sa.UniqueConstraint("public_key", name=op.f("uq_officer_public_key")),
    )
    op.create_table(
        "outbox_head",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("counter", sa.Integer(), nullable=False),
        sa.Column("last_bundle", sa.LargeBinary(length=32), nullable=True),
        sa.CheckConstraint("id = 1", name=op.f("ck_outbox_head_single")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_outbox_head")),
    )
    op.create_table(
        "register_state",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("imported_at", sa.BigInteger(), nullable=False),
        sa.Column("officer_id", sa.String(length=18), nullable=False),
        sa.Column("taken", sa.Integer(), nullable=False),
        sa.Column("refused", sa.Integer(), nullable=False),
        sa.Column("wrapped_key", sa.LargeBinary(length=200), nullable=False),
        sa.CheckConstraint("id = 1", name=op.f("ck_register_state_single")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_register_state")),
    )
    op.create_table(
        "resident",
        sa.Column("nik_index", sa.LargeBinary(length=32), nullable=False),
        sa.Column("name", sa.LargeBinary(), nullable=False),
        sa.Column("record", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("nik_index", name=op.f("pk_resident")),
    )
    op.create_table(
        "revocation_part",
        sa.Column("number", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("part", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("parts", sa.Integer(), nullable=False),
        sa.Column("raw", sa.LargeBinary(), nullable=False),
        sa.Column("issued_at", sa.BigInteger(), nullable=False),
        sa.Column("received_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("number", "part", name=op.f("pk_revocation_part")),
    )
    op.create_table(
        "send_rate",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("bits_per_second", sa.Integer(), nullable=False),
        sa.Column("measured_at", sa.BigInteger(), nullable=False),
        sa.Column("window_from", sa.BigInteger(), nullable=False),
        sa.Column("window_bytes", sa.Integer(), nullable=False),
        sa.CheckConstraint("id = 1", name=op.f("ck_send_rate_single")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_send_rate")),
    )
    op.create_table(
        "stored_notice",
        sa.Column("number", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("raw", sa.LargeBinary(), nullable=False),
        sa.Column("hub_time", sa.BigInteger(), nullable=False),
        sa.Column("received_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_stored_notice")),
    )
    op.create_table(
        "stored_receipt",
        sa.Column("digest", sa.LargeBinary(length=32), nullable=False),
        sa.Column("bundle_id", sa.LargeBinary(length=32), nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("raw", sa.LargeBinary(), nullable=False),
        sa.Column("log_index", sa.Integer(), nullable=False),
        sa.Column("log_time", sa.BigInteger(), nullable=False),
        sa.Column("code", sa.String(length=60), nullable=False),
        sa.Column("office", sa.String(length=64), nullable=False),
        sa.Column("received_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("digest", name=op.f("pk_stored_receipt")),
    )
    op.create_index("ix_stored_receipt_bundle", "stored_receipt", ["bundle_id", "log_index"], unique=False)
    op.create_table(
        "correction_draft",
        sa.Column("draft_id", sa.String(length=26), nullable=False),
        sa.Column("officer_id", sa.String(length=18), nullable=False),
        sa.Column("bundle_id", sa.LargeBinary(length=32), nullable=False),
        sa.Column("letter", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["draft_id"], ["draft.draft_id"], name=op.f("fk_correction_draft_draft_id_draft"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("draft_id", name=op.f("pk_correction_draft")),
    )
    op.create_index("uq_correction_draft_case_officer", "correction_draft", ["bundle_id", "officer_id"], unique=True)
    op.create_table(
        "draft_file",
        sa.Column("file_id", sa.String(length=26), nullable=False),
        sa.Column("draft_id", sa.String(length=26), nullable=False),
        sa.Column("requirement", sa.String(length=40), nullable=False),
        sa.Column("media_type", sa.String(length=60), nullable=False),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.Column("attached_at", sa.BigInteger(), nullable=False),
        sa.Column("name", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(
            ["draft_id"], ["draft.draft_id"], name=op.f("fk_draft_file_draft_id_draft"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("file_id", name=op.f("pk_draft_file")),
    )
    op.create_index(op.f("ix_draft_file_draft_id"), "draft_file", ["draft_id"], unique=False)
    op.create_table(
        "outbox_act",
        sa.Column("act", sa.LargeBinary(length=32), nullable=False),
        sa.Column("bundle_id", sa.LargeBinary(length=32), nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("officer_id", sa.String(length=18), nullable=False),
        sa.Column("made_at", sa.BigInteger(), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.Column("digest", sa.LargeBinary(length=32), nullable=False),
        sa.Column("copy", sa.LargeBinary(), nullable=False),
        sa.Column("state", sa.String(length=10), nullable=False),
        sa.Column("code", sa.String(length=40), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("next_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["officer_id"], ["officer.officer_id"], name=op.f("fk_outbox_act_officer_id_officer")),
        sa.PrimaryKeyConstraint("act", name=op.f("pk_outbox_act")),
        sa.UniqueConstraint("digest", name=op.f("uq_outbox_act_digest")),
    )
    op.create_index("ix_outbox_act_bundle", "outbox_act", ["bundle_id"], unique=False)
    op.create_table(
        "outbox_item",
        sa.Column("bundle_id", sa.LargeBinary(length=32), nullable=False),
        sa.Column("counter", sa.Integer(), nullable=False),
        sa.Column("registration_no", sa.String(length=20), nullable=False),
        sa.Column("officer_id", sa.String(length=18), nullable=False),
        sa.Column("service", sa.String(length=64), nullable=False),
        sa.Column("service_version", sa.Integer(), nullable=False),
        sa.Column("sealed_at", sa.BigInteger(), nullable=False),
        sa.Column("message", sa.LargeBinary(), nullable=False),
        sa.Column("message_digest", sa.LargeBinary(length=32), nullable=False),
        sa.Column("named_size", sa.Integer(), nullable=True),
        sa.Column("named_root", sa.LargeBinary(length=32), nullable=True),
        sa.Column("label", sa.LargeBinary(), nullable=False),
        sa.Column("state", sa.String(length=10), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("first_sent_at", sa.BigInteger(), nullable=True),
        sa.Column("last_sent_at", sa.BigInteger(), nullable=True),
        sa.Column("files_deleted_at", sa.BigInteger(), nullable=True),
        sa.Column("carried_at", sa.BigInteger(), nullable=True),
        sa.Column("corrects", sa.LargeBinary(length=32), nullable=True),
        sa.Column("request", sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(["officer_id"], ["officer.officer_id"], name=op.f("fk_outbox_item_officer_id_officer")),
        sa.PrimaryKeyConstraint("bundle_id", name=op.f("pk_outbox_item")),
        sa.UniqueConstraint("counter", name=op.f("uq_outbox_item_counter")),
        sa.UniqueConstraint("message_digest", name=op.f("uq_outbox_item_message_digest")),
    )
    op.create_index("ix_outbox_item_corrects", "outbox_item", ["corrects"], unique=False)
    op.create_index("ix_outbox_item_open", "outbox_item", ["state", "counter"], unique=False)
    op.create_index(
        "uq_outbox_item_registration_no",
        "outbox_item",
        ["registration_no"],
        unique=True,
        sqlite_where=sa.text("corrects IS NULL"),
    )
    op.create_table(
        "outbox_attachment",
        sa.Column("bundle_id", sa.LargeBinary(length=32), nullable=False),
        sa.Column("position", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("requirement", sa.String(length=40), nullable=False),
        sa.Column("media_type", sa.String(length=80), nullable=False),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.Column("sha256", sa.LargeBinary(length=32), nullable=False),
        sa.Column("chunks", sa.Integer(), nullable=False),
        sa.Column("delivered", sa.Integer(), nullable=False),
        sa.Column("held_back", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(
            ["bundle_id"], ["outbox_item.bundle_id"], name=op.f("fk_outbox_attachment_bundle_id_outbox_item")
        ),
        sa.PrimaryKeyConstraint("bundle_id", "position", name=op.f("pk_outbox_attachment")),
    )
    op.create_table(
        "outbox_attempt",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("bundle_id", sa.LargeBinary(length=32), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["bundle_id"], ["outbox_item.bundle_id"], name=op.f("fk_outbox_attempt_bundle_id_outbox_item")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_outbox_attempt")),
    )
    op.create_index(op.f("ix_outbox_attempt_bundle_id"), "outbox_attempt", ["bundle_id"], unique=False)
    op.create_table(
        "announcement",
        sa.Column("broadcast", sa.String(length=26), nullable=False),
        sa.Column("text", sa.String(length=500), nullable=False),
        sa.Column("until", sa.BigInteger(), nullable=False),
        sa.Column("received_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("broadcast", name=op.f("pk_announcement")),
    )
    op.create_table(
        "hub_request",
        sa.Column("request", sa.String(length=26), nullable=False),
        sa.Column("action", sa.String(length=20), nullable=False),
        sa.Column("asked_at", sa.BigInteger(), nullable=False),
        sa.Column("expires_at", sa.BigInteger(), nullable=False),
        sa.Column("state", sa.String(length=10), nullable=False),
        sa.Column("outcome", sa.String(length=10), nullable=False),
        sa.Column("code", sa.String(length=40), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=True),
        sa.Column("decided_by", sa.String(length=18), nullable=False),
        sa.Column("received_at", sa.BigInteger(), nullable=False),
        sa.Column("ended_at", sa.BigInteger(), nullable=True),
        sa.CheckConstraint("state IN ('waiting', 'agreed', 'answered', 'closed')", name=op.f("ck_hub_request_state")),
        sa.PrimaryKeyConstraint("request", name=op.f("pk_hub_request")),
    )
    op.create_table(
        "outage",
        sa.Column("window", sa.String(length=26), nullable=False),
        sa.Column("starts_at", sa.BigInteger(), nullable=False),
        sa.Column("ends_at", sa.BigInteger(), nullable=False),
        sa.Column("text", sa.String(length=300), nullable=False),
        sa.Column("is_off", sa.Boolean(), nullable=False),
        sa.Column("received_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("window", name=op.f("pk_outage")),
    )


def downgrade() -> None:
    op.drop_table("outage")
    op.drop_table("hub_request")
    op.drop_table("announcement")
    op.drop_index(op.f("ix_outbox_attempt_bundle_id"), table_name="outbox_attempt")
    op.drop_table("outbox_attempt")
    op.drop_table("outbox_attachment")
    op.drop_index("uq_outbox_item_registration_no", table_name="outbox_item", sqlite_where=sa.text("corrects IS NULL"))
    op.drop_index("ix_outbox_item_open", table_name="outbox_item")
    op.drop_index("ix_outbox_item_corrects", table_name="outbox_item")
    op.drop_table("outbox_item")
    op.drop_index("ix_outbox_act_bundle", table_name="outbox_act")
    op.drop_table("outbox_act")
    op.drop_index(op.f("ix_draft_file_draft_id"), table_name="draft_file")
    op.drop_table("draft_file")
    op.drop_index("uq_correction_draft_case_officer", table_name="correction_draft")
    op.drop_table("correction_draft")
    op.drop_index("ix_stored_receipt_bundle", table_name="stored_receipt")
    op.drop_table("stored_receipt")
    op.drop_table("stored_notice")
    op.drop_table("send_rate")
    op.drop_table("revocation_part")
    op.drop_table("resident")
    op.drop_table("register_state")
    op.drop_table("outbox_head")
    op.drop_table("officer")
    op.drop_table("offered_document")
    op.drop_table("node_identity")
    op.drop_table("named_office")
    op.drop_table("mailbox_key")
    op.drop_table("link_record")
    op.drop_table("link_attempt")
    op.drop_index("ix_letter_bundle", table_name="letter")
    op.drop_table("letter")
    op.drop_index("uq_leased_block_year_first", table_name="leased_block")
    op.drop_table("leased_block")
    op.drop_table("known_checkpoint")
    op.drop_table("known_backup")
    op.drop_index("uq_flag_code_about", table_name="flag")
    op.drop_table("flag")
    op.drop_table("fetched_piece")
    op.drop_index(op.f("ix_draft_officer_id"), table_name="draft")
    op.drop_table("draft")
    op.drop_index("ix_case_step_bundle", table_name="case_step")
    op.drop_table("case_step")
    op.drop_table("calendar_version")
    op.drop_table("cached_service")
