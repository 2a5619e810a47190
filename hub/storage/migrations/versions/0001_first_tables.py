"""The tables of the first release: one function per table, in the order of their foreign keys."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

SQLITE_TRIGGERS = (
    """CREATE TRIGGER ledger_entry_keep BEFORE DELETE ON ledger_entry
        BEGIN SELECT RAISE(ABORT, 'ledger_entry: rows are never removed'); END""",
    """CREATE TRIGGER ledger_entry_fixed BEFORE UPDATE ON ledger_entry
        WHEN NOT (false)
        BEGIN SELECT RAISE(ABORT, 'ledger_entry: rows are never changed'); END""",
    """CREATE TRIGGER ledger_checkpoint_keep BEFORE DELETE ON ledger_checkpoint
        BEGIN SELECT RAISE(ABORT, 'ledger_checkpoint: rows are never removed'); END""",
    """CREATE TRIGGER ledger_checkpoint_fixed BEFORE UPDATE ON ledger_checkpoint
        WHEN NOT (false)
        BEGIN SELECT RAISE(ABORT, 'ledger_checkpoint: rows are never changed'); END""",
    """CREATE TRIGGER bundle_receipt_keep BEFORE DELETE ON bundle_receipt
        BEGIN SELECT RAISE(ABORT, 'bundle_receipt: rows are never removed'); END""",
    """CREATE TRIGGER bundle_receipt_fixed BEFORE UPDATE ON bundle_receipt
        WHEN NOT (OLD."id" IS NEW."id"
        AND OLD."bundle_id" IS NEW."bundle_id"
        AND OLD."node_id" IS NEW."node_id"
        AND OLD."kind" IS NEW."kind"
        AND OLD."ledger_index" IS NEW."ledger_index"
        AND OLD."entry" IS NEW."entry"
        AND OLD."salt" IS NEW."salt"
        AND OLD."subject" IS NEW."subject"
        AND OLD."message" IS NEW."message"
        AND (OLD."raw" IS NEW."raw" OR OLD."raw" IS NULL))
        BEGIN SELECT RAISE(ABORT, 'bundle_receipt: rows are never changed'); END""",
)

POSTGRESQL_TRIGGERS = (
    """CREATE FUNCTION ledger_entry_refuse() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN RAISE EXCEPTION 'ledger_entry: rows are never changed or removed'
        USING ERRCODE = '23001'; END $$""",
    """CREATE TRIGGER ledger_entry_keep BEFORE DELETE OR TRUNCATE ON ledger_entry
        FOR EACH STATEMENT
        EXECUTE FUNCTION ledger_entry_refuse()""",
    """CREATE TRIGGER ledger_entry_fixed BEFORE UPDATE ON ledger_entry
        FOR EACH ROW
        WHEN (NOT (false))
        EXECUTE FUNCTION ledger_entry_refuse()""",
    """CREATE FUNCTION ledger_checkpoint_refuse() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN RAISE EXCEPTION 'ledger_checkpoint: rows are never changed or removed'
        USING ERRCODE = '23001'; END $$""",
    """CREATE TRIGGER ledger_checkpoint_keep BEFORE DELETE OR TRUNCATE ON ledger_checkpoint
        FOR EACH STATEMENT
        EXECUTE FUNCTION ledger_checkpoint_refuse()""",
    """CREATE TRIGGER ledger_checkpoint_fixed BEFORE UPDATE ON ledger_checkpoint
        FOR EACH ROW
        WHEN (NOT (false))
        EXECUTE FUNCTION ledger_checkpoint_refuse()""",
    """CREATE FUNCTION bundle_receipt_refuse() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN RAISE EXCEPTION 'bundle_receipt: rows are never changed or removed'
        USING ERRCODE = '23001'; END $$""",
    """CREATE TRIGGER bundle_receipt_keep BEFORE DELETE OR TRUNCATE ON bundle_receipt
        FOR EACH STATEMENT
        EXECUTE FUNCTION bundle_receipt_refuse()""",
    """CREATE TRIGGER bundle_receipt_fixed BEFORE UPDATE ON bundle_receipt
        FOR EACH ROW
        WHEN (NOT (OLD."id" IS NOT DISTINCT FROM NEW."id"
        AND OLD."bundle_id" IS NOT DISTINCT FROM NEW."bundle_id"
        AND OLD."node_id" IS NOT DISTINCT FROM NEW."node_id"
        AND OLD."kind" IS NOT DISTINCT FROM NEW."kind"
        AND OLD."ledger_index" IS NOT DISTINCT FROM NEW."ledger_index"
        AND OLD."entry" IS NOT DISTINCT FROM NEW."entry"
        AND OLD."salt" IS NOT DISTINCT FROM NEW."salt"
        AND OLD."subject" IS NOT DISTINCT FROM NEW."subject"
        AND OLD."message" IS NOT DISTINCT FROM NEW."message"
        AND (OLD."raw" IS NOT DISTINCT FROM NEW."raw" OR OLD."raw" IS NULL)))
        EXECUTE FUNCTION bundle_receipt_refuse()""",
)


def upgrade() -> None:
    """Make every table, the empty log, and the triggers that keep the log's rows."""
    for make in TABLES.values():
        make()
    head = sa.table("ledger_head", *(sa.column(name) for name in ("id", "size", "frontier", "last_time_ms")))
    op.get_bind().execute(head.insert().values(id=1, size=0, frontier=b"", last_time_ms=0))
    is_sqlite = op.get_bind().dialect.name == "sqlite"
    for statement in SQLITE_TRIGGERS if is_sqlite else POSTGRESQL_TRIGGERS:
        op.execute(statement)


def downgrade() -> None:
    """Remove everything."""
    for name in reversed(TABLES):
        op.drop_table(name)
    if op.get_bind().dialect.name == "postgresql":
        op.execute("DROP FUNCTION ledger_entry_refuse")
        op.execute("DROP FUNCTION ledger_checkpoint_refuse")
        op.execute("DROP FUNCTION bundle_receipt_refuse")


def _make_account_opening() -> None:
    op.create_table(
        "account_opening",
        sa.Column(
            "ledger_index", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=False, nullable=False
        ),
        sa.Column("salt", sa.LargeBinary(length=32), nullable=False),
        sa.Column("subject", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("ledger_index", name=op.f("pk_account_opening")),
    )


def _make_alarm() -> None:
    op.create_table(
        "alarm",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("kind", sa.String(length=24), nullable=False),
        sa.Column("subject", sa.String(length=80), nullable=False),
        sa.Column("node_id", sa.String(length=20), nullable=True),
        sa.Column("severity", sa.String(length=10), nullable=False),
        sa.Column("state", sa.String(length=10), nullable=False),
        sa.Column("since", sa.BigInteger(), nullable=False),
        sa.Column("opened_at", sa.BigInteger(), nullable=True),
        sa.Column("evidence", sa.String(length=4000), nullable=False),
        sa.Column("evidence_at", sa.BigInteger(), nullable=False),
        sa.Column("acknowledged_by", sa.String(length=80), nullable=True),
        sa.Column("acknowledged_at", sa.BigInteger(), nullable=True),
        sa.Column("suspended_at", sa.BigInteger(), nullable=True),
        sa.Column("cleared_by", sa.String(length=80), nullable=True),
        sa.Column("cleared_at", sa.BigInteger(), nullable=True),
        sa.CheckConstraint("state IN ('pending', 'open', 'cleared')", name=op.f("ck_alarm_state")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_alarm")),
    )
    with op.batch_alter_table("alarm", schema=None) as batch_op:
        batch_op.create_index("ix_alarm_node", ["node_id"], unique=False)
        batch_op.create_index(
            "ix_alarm_present",
            ["kind", "subject"],
            unique=True,
            sqlite_where=sa.text("state <> 'cleared'"),
            postgresql_where=sa.text("state <> 'cleared'"),
        )
        batch_op.create_index("ix_alarm_state", ["state", "opened_at"], unique=False)


def _make_asked_count() -> None:
    op.create_table(
        "asked_count",
        sa.Column("page", sa.String(length=20), nullable=False),
        sa.Column("window", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("name_hash", sa.LargeBinary(length=32), nullable=False),
        sa.Column("asked", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("page", "window", "name_hash", name=op.f("pk_asked_count")),
    )


def _make_broadcast() -> None:
    op.create_table(
        "broadcast",
        sa.Column("broadcast_id", sa.String(length=26), nullable=False),
        sa.Column("scope", sa.String(length=13), nullable=False),
        sa.Column("text", sa.String(length=500), nullable=False),
        sa.Column("until", sa.BigInteger(), nullable=False),
        sa.Column("written_by", sa.String(length=80), nullable=False),
        sa.Column("written_at", sa.BigInteger(), nullable=False),
        sa.Column("nodes", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("broadcast_id", name=op.f("pk_broadcast")),
    )


def _make_bundle() -> None:
    op.create_table(
        "bundle",
        sa.Column("bundle_id", sa.LargeBinary(length=32), nullable=False),
        sa.Column("node_id", sa.String(length=20), nullable=False),
        sa.Column("counter", sa.BigInteger(), nullable=False),
        sa.Column("registration_no", sa.String(length=24), nullable=False),
        sa.Column("officer_id", sa.String(length=20), nullable=False),
        sa.Column("village", sa.String(length=13), nullable=False),
        sa.Column("service", sa.String(length=40), nullable=False),
        sa.Column("service_version", sa.Integer(), nullable=False),
        sa.Column("received_at", sa.BigInteger(), nullable=False),
        sa.Column("claimed_ms", sa.BigInteger(), nullable=False),
        sa.Column("ledger_index", sa.BigInteger(), nullable=False),
        sa.Column("data_key", sa.LargeBinary(), nullable=False),
        sa.Column("signed", sa.LargeBinary(), nullable=False),
        sa.Column("content_key", sa.LargeBinary(), nullable=False),
        sa.Column("state", sa.String(length=10), nullable=False),
        sa.Column("whole_at", sa.BigInteger(), nullable=True),
        sa.Column("flags", sa.String(length=80), nullable=False),
        sa.Column("corrects", sa.LargeBinary(length=32), nullable=True),
        sa.PrimaryKeyConstraint("bundle_id", name=op.f("pk_bundle")),
        sa.UniqueConstraint("node_id", "counter", name=op.f("uq_bundle_node_id_counter")),
    )
    with op.batch_alter_table("bundle", schema=None) as batch_op:
        batch_op.create_index("ix_bundle_corrects", ["corrects"], unique=False)
        batch_op.create_index(
            "ix_bundle_first_number",
            ["registration_no"],
            unique=True,
            sqlite_where=sa.text("corrects IS NULL"),
            postgresql_where=sa.text("corrects IS NULL"),
        )
        batch_op.create_index("ix_bundle_state", ["state"], unique=False)


def _make_bundle_chunk() -> None:
    op.create_table(
        "bundle_chunk",
        sa.Column("bundle_id", sa.LargeBinary(length=32), nullable=False),
        sa.Column("node_id", sa.String(length=20), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("verified", sa.Boolean(), nullable=False),
        sa.Column("came_at", sa.BigInteger(), nullable=False),
        sa.Column("box", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("bundle_id", "node_id", "position", "number", name=op.f("pk_bundle_chunk")),
    )


def _make_bundle_receipt() -> None:
    op.create_table(
        "bundle_receipt",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("bundle_id", sa.LargeBinary(length=32), nullable=False),
        sa.Column("node_id", sa.String(length=20), nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("ledger_index", sa.BigInteger(), nullable=False),
        sa.Column("entry", sa.LargeBinary(), nullable=False),
        sa.Column("salt", sa.LargeBinary(length=32), nullable=False),
        sa.Column("subject", sa.LargeBinary(), nullable=False),
        sa.Column("message", sa.LargeBinary(length=32), nullable=True),
        sa.Column("raw", sa.LargeBinary(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_bundle_receipt")),
        sa.UniqueConstraint("ledger_index", name=op.f("uq_bundle_receipt_ledger_index")),
    )
    with op.batch_alter_table("bundle_receipt", schema=None) as batch_op:
        batch_op.create_index("ix_bundle_receipt_bundle", ["bundle_id"], unique=False)
        batch_op.create_index("ix_bundle_receipt_message", ["node_id", "message"], unique=True)
        batch_op.create_index("ix_bundle_receipt_node", ["node_id", "kind"], unique=False)
        batch_op.create_index(
            "ix_bundle_receipt_unsigned",
            ["id"],
            unique=False,
            sqlite_where=sa.text("raw IS NULL"),
            postgresql_where=sa.text("raw IS NULL"),
        )


def _make_calendar_version() -> None:
    op.create_table(
        "calendar_version",
        sa.Column("version", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("made_at", sa.BigInteger(), nullable=False),
        sa.Column("made_by", sa.String(length=80), nullable=False),
        sa.Column("reason", sa.String(length=200), nullable=False),
        sa.Column("ledger_index", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("salt", sa.LargeBinary(length=32), nullable=False),
        sa.Column("subject", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("version", name=op.f("pk_calendar_version")),
        sa.UniqueConstraint("ledger_index", name=op.f("uq_calendar_version_ledger_index")),
    )


def _make_case_opening() -> None:
    op.create_table(
        "case_opening",
        sa.Column(
            "ledger_index", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=False, nullable=False
        ),
        sa.Column("salt", sa.LargeBinary(length=32), nullable=False),
        sa.Column("subject", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("ledger_index", name=op.f("pk_case_opening")),
    )


def _make_dispatch_notice() -> None:
    op.create_table(
        "dispatch_notice",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("node_id", sa.String(length=20), nullable=False),
        sa.Column("number", sa.BigInteger(), nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.Column("written_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_dispatch_notice")),
        sa.UniqueConstraint("node_id", "number", name=op.f("uq_dispatch_notice_node_id_number")),
    )


def _make_dispatch_offer() -> None:
    op.create_table(
        "dispatch_offer",
        sa.Column("node_id", sa.String(length=20), nullable=False),
        sa.Column("document", sa.LargeBinary(length=32), nullable=False),
        sa.Column("number", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("node_id", "document", name=op.f("pk_dispatch_offer")),
    )


def _make_dispatch_standing() -> None:
    op.create_table(
        "dispatch_standing",
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("name", sa.String(length=60), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.Column("announced_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("kind", "name", name=op.f("pk_dispatch_standing")),
    )


def _make_fee_opening() -> None:
    op.create_table(
        "fee_opening",
        sa.Column(
            "ledger_index", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=False, nullable=False
        ),
        sa.Column("salt", sa.LargeBinary(length=32), nullable=False),
        sa.Column("subject", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("ledger_index", name=op.f("pk_fee_opening")),
    )


def _make_health_series_mark() -> None:
    op.create_table(
        "health_series_mark",
        sa.Column("minutes", sa.SmallInteger(), autoincrement=False, nullable=False),
        sa.Column("until", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("minutes", name=op.f("pk_health_series_mark")),
    )


def _make_health_tally_mark() -> None:
    op.create_table(
        "health_tally_mark",
        sa.Column("node_id", sa.String(length=20), nullable=False),
        sa.Column("accepted", sa.BigInteger(), nullable=False),
        sa.Column("rejected", sa.BigInteger(), nullable=False),
        sa.Column("quarantined", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("node_id", name=op.f("pk_health_tally_mark")),
    )


def _make_intake_quarantine() -> None:
    op.create_table(
        "intake_quarantine",
        sa.Column("message", sa.LargeBinary(length=32), nullable=False),
        sa.Column("node_id", sa.String(length=20), nullable=False),
        sa.Column("bundle_id", sa.LargeBinary(length=32), nullable=True),
        sa.Column("code", sa.String(length=40), nullable=False),
        sa.Column("raw", sa.LargeBinary(), nullable=False),
        sa.Column("kept_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("message", name=op.f("pk_intake_quarantine")),
    )
    with op.batch_alter_table("intake_quarantine", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_intake_quarantine_node_id"), ["node_id"], unique=False)


def _make_intake_refusal() -> None:
    op.create_table(
        "intake_refusal",
        sa.Column("message", sa.LargeBinary(length=32), nullable=False),
        sa.Column("node_id", sa.String(length=20), nullable=False),
        sa.Column("topic_kind", sa.String(length=10), nullable=False),
        sa.Column("code", sa.String(length=40), nullable=False),
        sa.Column("refused_at", sa.BigInteger(), nullable=False),
        sa.Column("times", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("message", name=op.f("pk_intake_refusal")),
    )
    with op.batch_alter_table("intake_refusal", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_intake_refusal_node_id"), ["node_id"], unique=False)


def _make_intake_tally() -> None:
    op.create_table(
        "intake_tally",
        sa.Column("node_id", sa.String(length=20), nullable=False),
        sa.Column("received", sa.BigInteger(), nullable=False),
        sa.Column("accepted", sa.BigInteger(), nullable=False),
        sa.Column("duplicate", sa.BigInteger(), nullable=False),
        sa.Column("rejected", sa.BigInteger(), nullable=False),
        sa.Column("quarantined", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("node_id", name=op.f("pk_intake_tally")),
    )


def _make_lease_head() -> None:
    op.create_table(
        "lease_head",
        sa.Column("year", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("next", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("year", name=op.f("pk_lease_head")),
    )


def _make_ledger_checkpoint() -> None:
    op.create_table(
        "ledger_checkpoint",
        sa.Column("size", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=False, nullable=False),
        sa.Column("root", sa.LargeBinary(length=32), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("signed_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("size", name=op.f("pk_ledger_checkpoint")),
    )


def _make_ledger_cosignature() -> None:
    op.create_table(
        "ledger_cosignature",
        sa.Column("size", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=False, nullable=False),
        sa.Column("witness", sa.String(length=120), nullable=False),
        sa.Column("line", sa.String(length=400), nullable=False),
        sa.PrimaryKeyConstraint("size", "witness", name=op.f("pk_ledger_cosignature")),
    )


def _make_ledger_entry() -> None:
    op.create_table(
        "ledger_entry",
        sa.Column("index", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=False, nullable=False),
        sa.Column("kind", sa.String(length=60), nullable=False),
        sa.Column("time_ms", sa.BigInteger(), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.Column("leaf_hash", sa.LargeBinary(length=32), nullable=False),
        sa.PrimaryKeyConstraint("index", name=op.f("pk_ledger_entry")),
    )


def _make_ledger_head() -> None:
    op.create_table(
        "ledger_head",
        sa.Column("id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("frontier", sa.LargeBinary(length=2048), nullable=False),
        sa.Column("last_time_ms", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("id = 1", name=op.f("ck_ledger_head_single")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_ledger_head")),
    )


def _make_ledger_tile() -> None:
    op.create_table(
        "ledger_tile",
        sa.Column("level", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("index", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("hashes", sa.LargeBinary(length=8192), nullable=False),
        sa.PrimaryKeyConstraint("level", "index", name=op.f("pk_ledger_tile")),
    )


def _make_ledger_witness() -> None:
    op.create_table(
        "ledger_witness",
        sa.Column("name", sa.String(length=120), nullable=False),
        sa.Column("state", sa.String(length=10), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("since", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_ledger_witness")),
    )


def _make_maintenance_window() -> None:
    op.create_table(
        "maintenance_window",
        sa.Column("window_id", sa.String(length=26), nullable=False),
        sa.Column("scope", sa.String(length=13), nullable=False),
        sa.Column("starts_at", sa.BigInteger(), nullable=False),
        sa.Column("ends_at", sa.BigInteger(), nullable=False),
        sa.Column("text", sa.String(length=300), nullable=False),
        sa.Column("planned_by", sa.String(length=80), nullable=False),
        sa.Column("planned_at", sa.BigInteger(), nullable=False),
        sa.Column("ended_by", sa.String(length=80), nullable=True),
        sa.Column("ended_at", sa.BigInteger(), nullable=True),
        sa.CheckConstraint("ends_at > starts_at", name=op.f("ck_maintenance_window_order")),
        sa.PrimaryKeyConstraint("window_id", name=op.f("pk_maintenance_window")),
    )
    with op.batch_alter_table("maintenance_window", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_maintenance_window_ends_at"), ["ends_at"], unique=False)


def _make_node() -> None:
    op.create_table(
        "node",
        sa.Column("node_id", sa.String(length=13), nullable=False),
        sa.Column("village", sa.String(length=13), nullable=False),
        sa.Column("serial", sa.Integer(), nullable=False),
        sa.Column("signing_key", sa.LargeBinary(length=32), nullable=False),
        sa.Column("signing_kid", sa.LargeBinary(length=16), nullable=False),
        sa.Column("sealing_key", sa.LargeBinary(length=32), nullable=False),
        sa.Column("status", sa.String(length=10), nullable=False),
        sa.Column("program", sa.String(length=40), nullable=False),
        sa.Column("enrolled_at", sa.BigInteger(), nullable=False),
        sa.Column("revoked_at", sa.BigInteger(), nullable=True),
        sa.Column("suspended_at", sa.BigInteger(), nullable=True),
        sa.Column("resume_asked_by", sa.String(length=80), nullable=True),
        sa.Column("resume_asked_at", sa.BigInteger(), nullable=True),
        sa.Column("mail_cursor", sa.BigInteger(), nullable=False),
        sa.Column("free_numbers", sa.Integer(), nullable=False),
        sa.Column("lease_notice", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("status IN ('active', 'suspended', 'revoked')", name=op.f("ck_node_status")),
        sa.CheckConstraint("serial BETWEEN 1 AND 99", name=op.f("ck_node_serial")),
        sa.PrimaryKeyConstraint("node_id", name=op.f("pk_node")),
        sa.UniqueConstraint("signing_kid", name=op.f("uq_node_signing_kid")),
        sa.UniqueConstraint("village", "serial", name=op.f("uq_node_village_serial")),
    )
    with op.batch_alter_table("node", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_node_village"), ["village"], unique=False)


def _make_officer_act() -> None:
    op.create_table(
        "officer_act",
        sa.Column("node_id", sa.String(length=20), nullable=False),
        sa.Column("act", sa.LargeBinary(length=32), nullable=False),
        sa.Column("bundle_id", sa.LargeBinary(length=32), nullable=False),
        sa.Column("officer_id", sa.String(length=20), nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("claimed_ms", sa.BigInteger(), nullable=False),
        sa.Column("received_at", sa.BigInteger(), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.Column("code", sa.String(length=40), nullable=False),
        sa.PrimaryKeyConstraint("node_id", "act", name=op.f("pk_officer_act")),
    )
    with op.batch_alter_table("officer_act", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_officer_act_bundle_id"), ["bundle_id"], unique=False)


def _make_parcel() -> None:
    op.create_table(
        "parcel",
        sa.Column("parcel_id", sa.String(length=36), nullable=False),
        sa.Column("node_id", sa.String(length=20), nullable=False),
        sa.Column("brought_by", sa.String(length=80), nullable=False),
        sa.Column("brought_at", sa.BigInteger(), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("state", sa.String(length=10), nullable=False),
        sa.Column("position", sa.BigInteger(), nullable=False),
        sa.Column("answers", sa.BigInteger(), nullable=False),
        sa.Column("messages", sa.Integer(), nullable=False),
        sa.Column("accepted", sa.Integer(), nullable=False),
        sa.Column("rejected", sa.Integer(), nullable=False),
        sa.Column("codes", sa.String(length=400), nullable=False),
        sa.Column("code", sa.String(length=40), nullable=False),
        sa.Column("done_at", sa.BigInteger(), nullable=True),
        sa.CheckConstraint("state IN ('queued', 'done', 'failed')", name=op.f("ck_parcel_state")),
        sa.PrimaryKeyConstraint("parcel_id", name=op.f("pk_parcel")),
    )
    with op.batch_alter_table("parcel", schema=None) as batch_op:
        batch_op.create_index("ix_parcel_state", ["state", "brought_at"], unique=False)


def _make_permit_opening() -> None:
    op.create_table(
        "permit_opening",
        sa.Column(
            "ledger_index", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=False, nullable=False
        ),
        sa.Column("salt", sa.LargeBinary(length=32), nullable=False),
        sa.Column("subject", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("ledger_index", name=op.f("pk_permit_opening")),
    )


def _make_permit_register() -> None:
    op.create_table(
        "permit_register",
        sa.Column("office", sa.String(length=40), nullable=False),
        sa.Column("register", sa.String(length=20), nullable=False),
        sa.Column("year", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("last", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("office", "register", "year", name=op.f("pk_permit_register")),
    )


def _make_permit_revocation_sent() -> None:
    op.create_table(
        "permit_revocation_sent",
        sa.Column("node_id", sa.String(length=20), nullable=False),
        sa.Column("number", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("node_id", name=op.f("pk_permit_revocation_sent")),
    )


def _make_person() -> None:
    op.create_table(
        "person",
        sa.Column("person_id", sa.String(length=26), nullable=False),
        sa.Column("username", sa.String(length=40), nullable=False),
        sa.Column("name", sa.String(length=120), nullable=False),
        sa.Column("password", sa.String(length=200), nullable=False),
        sa.Column("role", sa.String(length=24), nullable=False),
        sa.Column("office", sa.String(length=40), nullable=False),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("nik_index", sa.LargeBinary(length=32), nullable=True),
        sa.PrimaryKeyConstraint("person_id", name=op.f("pk_person")),
        sa.UniqueConstraint("username", name=op.f("uq_person_username")),
    )


def _make_program_beat() -> None:
    op.create_table(
        "program_beat",
        sa.Column("program", sa.String(length=20), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("version", sa.String(length=40), nullable=False),
        sa.PrimaryKeyConstraint("program", name=op.f("pk_program_beat")),
    )


def _make_sign_in_failure() -> None:
    op.create_table(
        "sign_in_failure",
        sa.Column("name_hash", sa.LargeBinary(length=32), nullable=False),
        sa.Column("failures", sa.Integer(), nullable=False),
        sa.Column("last_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("name_hash", name=op.f("pk_sign_in_failure")),
    )


def _make_village_week() -> None:
    op.create_table(
        "village_week",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("village", sa.String(length=13), nullable=False),
        sa.Column("week", sa.String(length=90), nullable=False),
        sa.Column("set_by", sa.String(length=80), nullable=False),
        sa.Column("set_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_village_week")),
    )
    with op.batch_alter_table("village_week", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_village_week_village"), ["village"], unique=False)


def _make_absence() -> None:
    op.create_table(
        "absence",
        sa.Column("absence_id", sa.String(length=26), nullable=False),
        sa.Column("person_id", sa.String(length=26), nullable=False),
        sa.Column("reason", sa.String(length=12), nullable=False),
        sa.Column("first_day", sa.Date(), nullable=False),
        sa.Column("last_day", sa.Date(), nullable=False),
        sa.Column("entered_by", sa.String(length=26), nullable=False),
        sa.Column("entered_at", sa.BigInteger(), nullable=False),
        sa.Column("withdrawn_by", sa.String(length=26), nullable=True),
        sa.Column("withdrawn_at", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(["entered_by"], ["person.person_id"], name=op.f("fk_absence_entered_by_person")),
        sa.ForeignKeyConstraint(["person_id"], ["person.person_id"], name=op.f("fk_absence_person_id_person")),
        sa.ForeignKeyConstraint(["withdrawn_by"], ["person.person_id"], name=op.f("fk_absence_withdrawn_by_person")),
        sa.PrimaryKeyConstraint("absence_id", name=op.f("pk_absence")),
    )
    with op.batch_alter_table("absence", schema=None) as batch_op:
        batch_op.create_index("ix_absence_person_id", ["person_id"], unique=False)


def _make_alarm_event() -> None:
    op.create_table(
        "alarm_event",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("alarm_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("what", sa.String(length=16), nullable=False),
        sa.Column("by", sa.String(length=80), nullable=False),
        sa.Column("text", sa.String(length=500), nullable=False),
        sa.ForeignKeyConstraint(["alarm_id"], ["alarm.id"], name=op.f("fk_alarm_event_alarm_id_alarm")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_alarm_event")),
    )
    with op.batch_alter_table("alarm_event", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_alarm_event_alarm_id"), ["alarm_id"], unique=False)


def _make_bundle_attachment() -> None:
    op.create_table(
        "bundle_attachment",
        sa.Column("bundle_id", sa.LargeBinary(length=32), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("requirement", sa.String(length=40), nullable=False),
        sa.Column("name", sa.LargeBinary(), nullable=False),
        sa.Column("media_type", sa.String(length=80), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("sha256", sa.LargeBinary(length=32), nullable=False),
        sa.Column("chunks", sa.Integer(), nullable=False),
        sa.Column("blob", sa.LargeBinary(length=32), nullable=True),
        sa.Column("delivered_in", sa.LargeBinary(length=32), nullable=True),
        sa.ForeignKeyConstraint(
            ["bundle_id"], ["bundle.bundle_id"], name=op.f("fk_bundle_attachment_bundle_id_bundle")
        ),
        sa.PrimaryKeyConstraint("bundle_id", "position", name=op.f("pk_bundle_attachment")),
    )


def _make_calendar_entry() -> None:
    op.create_table(
        "calendar_entry",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("removed_in", sa.Integer(), nullable=True),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("office", sa.String(length=40), nullable=False),
        sa.Column("first_day", sa.Date(), nullable=False),
        sa.Column("last_day", sa.Date(), nullable=False),
        sa.Column("reason", sa.String(length=200), nullable=False),
        sa.Column("hours", sa.String(length=80), nullable=False),
        sa.Column("policy", sa.String(length=60), nullable=False),
        sa.ForeignKeyConstraint(
            ["removed_in"], ["calendar_version.version"], name=op.f("fk_calendar_entry_removed_in_calendar_version")
        ),
        sa.ForeignKeyConstraint(
            ["version"], ["calendar_version.version"], name=op.f("fk_calendar_entry_version_calendar_version")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_calendar_entry")),
    )
    with op.batch_alter_table("calendar_entry", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_calendar_entry_version"), ["version"], unique=False)


def _make_calendar_year() -> None:
    op.create_table(
        "calendar_year",
        sa.Column("year", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["version"], ["calendar_version.version"], name=op.f("fk_calendar_year_version_calendar_version")
        ),
        sa.PrimaryKeyConstraint("year", name=op.f("pk_calendar_year")),
    )


def _make_case_file() -> None:
    op.create_table(
        "case_file",
        sa.Column("case_id", sa.String(length=26), nullable=False),
        sa.Column("bundle_id", sa.LargeBinary(length=32), nullable=False),
        sa.Column("registration_no", sa.String(length=24), nullable=False),
        sa.Column("village", sa.String(length=13), nullable=False),
        sa.Column("subdistrict", sa.String(length=8), nullable=False),
        sa.Column("service", sa.String(length=40), nullable=False),
        sa.Column("service_version", sa.Integer(), nullable=False),
        sa.Column("front_office", sa.String(length=40), nullable=False),
        sa.Column("state", sa.String(length=20), nullable=False),
        sa.Column("outcome", sa.String(length=12), nullable=False),
        sa.Column("round", sa.Integer(), nullable=False),
        sa.Column("received_at", sa.BigInteger(), nullable=False),
        sa.Column("completed_at", sa.BigInteger(), nullable=True),
        sa.Column("decided_at", sa.BigInteger(), nullable=True),
        sa.Column("closed_at", sa.BigInteger(), nullable=True),
        sa.Column("changed_at", sa.BigInteger(), nullable=False),
        sa.Column("applicant", sa.LargeBinary(), nullable=False),
        sa.Column("tracking", sa.LargeBinary(length=32), nullable=False),
        sa.Column("version_id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["bundle_id"], ["bundle.bundle_id"], name=op.f("fk_case_file_bundle_id_bundle")),
        sa.PrimaryKeyConstraint("case_id", name=op.f("pk_case_file")),
        sa.UniqueConstraint("bundle_id", name=op.f("uq_case_file_bundle_id")),
        sa.UniqueConstraint("registration_no", name=op.f("uq_case_file_registration_no")),
    )
    with op.batch_alter_table("case_file", schema=None) as batch_op:
        batch_op.create_index("ix_case_file_queue", ["received_at", "case_id"], unique=False)
        batch_op.create_index("ix_case_file_service", ["service"], unique=False)
        batch_op.create_index("ix_case_file_state", ["state"], unique=False)
        batch_op.create_index("ix_case_file_subdistrict", ["subdistrict"], unique=False)


def _make_delegation() -> None:
    op.create_table(
        "delegation",
        sa.Column("delegation_id", sa.String(length=26), nullable=False),
        sa.Column("office", sa.String(length=40), nullable=False),
        sa.Column("role", sa.String(length=24), nullable=False),
        sa.Column("capacity", sa.String(length=3), nullable=False),
        sa.Column("holder_id", sa.String(length=26), nullable=False),
        sa.Column("principal_id", sa.String(length=26), nullable=True),
        sa.Column("first_day", sa.Date(), nullable=False),
        sa.Column("last_day", sa.Date(), nullable=False),
        sa.Column("basis", sa.String(length=200), nullable=False),
        sa.Column("entered_by", sa.String(length=26), nullable=False),
        sa.Column("entered_at", sa.BigInteger(), nullable=False),
        sa.Column("withdrawn_by", sa.String(length=26), nullable=True),
        sa.Column("withdrawn_at", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(["entered_by"], ["person.person_id"], name=op.f("fk_delegation_entered_by_person")),
        sa.ForeignKeyConstraint(["holder_id"], ["person.person_id"], name=op.f("fk_delegation_holder_id_person")),
        sa.ForeignKeyConstraint(["principal_id"], ["person.person_id"], name=op.f("fk_delegation_principal_id_person")),
        sa.ForeignKeyConstraint(["withdrawn_by"], ["person.person_id"], name=op.f("fk_delegation_withdrawn_by_person")),
        sa.PrimaryKeyConstraint("delegation_id", name=op.f("pk_delegation")),
    )
    with op.batch_alter_table("delegation", schema=None) as batch_op:
        batch_op.create_index("ix_delegation_holder_id", ["holder_id"], unique=False)
        batch_op.create_index("ix_delegation_office", ["office", "role"], unique=False)


def _make_enrolment_code() -> None:
    op.create_table(
        "enrolment_code",
        sa.Column("code_id", sa.LargeBinary(length=16), nullable=False),
        sa.Column("village", sa.String(length=13), nullable=False),
        sa.Column("state", sa.String(length=10), nullable=False),
        sa.Column("request_key", sa.LargeBinary(length=32), nullable=True),
        sa.Column("response_key", sa.LargeBinary(length=32), nullable=True),
        sa.Column("invited_by", sa.String(length=80), nullable=False),
        sa.Column("invited_at", sa.BigInteger(), nullable=False),
        sa.Column("expires_at", sa.BigInteger(), nullable=False),
        sa.Column("failures", sa.Integer(), nullable=False),
        sa.Column("blocked_until", sa.BigInteger(), nullable=True),
        sa.Column("request", sa.LargeBinary(), nullable=True),
        sa.Column("signing_key", sa.LargeBinary(length=32), nullable=True),
        sa.Column("requested_at", sa.BigInteger(), nullable=True),
        sa.Column("approved_by", sa.String(length=80), nullable=True),
        sa.Column("approved_at", sa.BigInteger(), nullable=True),
        sa.Column("node_id", sa.String(length=13), nullable=True),
        sa.Column("answer", sa.LargeBinary(), nullable=True),
        sa.Column("fetched_at", sa.BigInteger(), nullable=True),
        sa.CheckConstraint(
            "state IN ('open', 'requested', 'approved', 'issued', 'refused', 'closed')",
            name=op.f("ck_enrolment_code_state"),
        ),
        sa.CheckConstraint("approved_by <> invited_by", name=op.f("ck_enrolment_code_two_persons")),
        sa.ForeignKeyConstraint(["node_id"], ["node.node_id"], name=op.f("fk_enrolment_code_node_id_node")),
        sa.PrimaryKeyConstraint("code_id", name=op.f("pk_enrolment_code")),
    )
    with op.batch_alter_table("enrolment_code", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_enrolment_code_state"), ["state"], unique=False)


def _make_health_sample() -> None:
    op.create_table(
        "health_sample",
        sa.Column("node_id", sa.String(length=13), nullable=False),
        sa.Column("minutes", sa.SmallInteger(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("beats", sa.BigInteger(), nullable=False),
        sa.Column("births", sa.BigInteger(), nullable=False),
        sa.Column("deaths", sa.BigInteger(), nullable=False),
        sa.Column("waiting", sa.BigInteger(), nullable=True),
        sa.Column("waiting_bytes", sa.BigInteger(), nullable=True),
        sa.Column("oldest_waiting_s", sa.BigInteger(), nullable=True),
        sa.Column("disk_free_mb", sa.BigInteger(), nullable=True),
        sa.Column("ram_free_mb", sa.BigInteger(), nullable=True),
        sa.Column("battery_percent", sa.SmallInteger(), nullable=True),
        sa.Column("off_mains", sa.BigInteger(), nullable=False),
        sa.Column("offset_sum", sa.BigInteger(), nullable=True),
        sa.Column("offset_count", sa.BigInteger(), nullable=False),
        sa.Column("rtt_sum", sa.BigInteger(), nullable=True),
        sa.Column("rtt_count", sa.BigInteger(), nullable=False),
        sa.Column("lost_percent", sa.SmallInteger(), nullable=True),
        sa.Column("sign_ins", sa.BigInteger(), nullable=True),
        sa.Column("failed_sign_ins", sa.BigInteger(), nullable=True),
        sa.Column("accepted", sa.BigInteger(), nullable=False),
        sa.Column("rejected", sa.BigInteger(), nullable=False),
        sa.Column("quarantined", sa.BigInteger(), nullable=False),
        sa.Column("night", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["node_id"], ["node.node_id"], name=op.f("fk_health_sample_node_id_node")),
        sa.PrimaryKeyConstraint("node_id", "minutes", "at", name=op.f("pk_health_sample")),
        sqlite_with_rowid=False,
    )


def _make_node_certificate() -> None:
    op.create_table(
        "node_certificate",
        sa.Column("serial", sa.String(length=40), nullable=False),
        sa.Column("node_id", sa.String(length=13), nullable=False),
        sa.Column("public_key", sa.LargeBinary(length=32), nullable=False),
        sa.Column("trust", sa.LargeBinary(length=32), nullable=False),
        sa.Column("issued_at", sa.BigInteger(), nullable=False),
        sa.Column("expires_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["node_id"], ["node.node_id"], name=op.f("fk_node_certificate_node_id_node")),
        sa.PrimaryKeyConstraint("serial", name=op.f("pk_node_certificate")),
    )
    with op.batch_alter_table("node_certificate", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_node_certificate_node_id"), ["node_id"], unique=False)


def _make_node_renewal() -> None:
    op.create_table(
        "node_renewal",
        sa.Column("node_id", sa.String(length=13), nullable=False),
        sa.Column("public_key", sa.LargeBinary(length=32), nullable=False),
        sa.Column("asked_at", sa.BigInteger(), nullable=False),
        sa.Column("answer", sa.LargeBinary(), nullable=True),
        sa.ForeignKeyConstraint(["node_id"], ["node.node_id"], name=op.f("fk_node_renewal_node_id_node")),
        sa.PrimaryKeyConstraint("node_id", name=op.f("pk_node_renewal")),
    )


def _make_node_request() -> None:
    op.create_table(
        "node_request",
        sa.Column("request_id", sa.String(length=26), nullable=False),
        sa.Column("node_id", sa.String(length=13), nullable=False),
        sa.Column("action", sa.String(length=20), nullable=False),
        sa.Column("asked_by", sa.String(length=80), nullable=False),
        sa.Column("asked_at", sa.BigInteger(), nullable=False),
        sa.Column("expires_at", sa.BigInteger(), nullable=False),
        sa.Column("outcome", sa.String(length=10), nullable=False),
        sa.Column("code", sa.String(length=40), nullable=False),
        sa.Column("answered_at", sa.BigInteger(), nullable=True),
        sa.Column("body", sa.LargeBinary(), nullable=True),
        sa.CheckConstraint("outcome IN ('', 'done', 'refused', 'failed')", name=op.f("ck_node_request_outcome")),
        sa.ForeignKeyConstraint(["node_id"], ["node.node_id"], name=op.f("fk_node_request_node_id_node")),
        sa.PrimaryKeyConstraint("request_id", name=op.f("pk_node_request")),
    )
    with op.batch_alter_table("node_request", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_node_request_node_id"), ["node_id"], unique=False)


def _make_node_run() -> None:
    op.create_table(
        "node_run",
        sa.Column("node_id", sa.String(length=13), nullable=False),
        sa.Column("run", sa.LargeBinary(length=8), nullable=False),
        sa.Column("first_at", sa.BigInteger(), nullable=False),
        sa.Column("last_session", sa.BigInteger(), nullable=False),
        sa.Column("returned", sa.BigInteger(), nullable=False),
        sa.Column("returned_at", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(["node_id"], ["node.node_id"], name=op.f("fk_node_run_node_id_node")),
        sa.PrimaryKeyConstraint("node_id", "run", name=op.f("pk_node_run")),
    )


def _make_number_lease() -> None:
    op.create_table(
        "number_lease",
        sa.Column("id", sa.Integer(), autoincrement=True, nullable=False),
        sa.Column("node_id", sa.String(length=13), nullable=False),
        sa.Column("year", sa.Integer(), nullable=False),
        sa.Column("first", sa.Integer(), nullable=False),
        sa.Column("last", sa.Integer(), nullable=False),
        sa.CheckConstraint("first >= 1 AND last >= first", name=op.f("ck_number_lease_block")),
        sa.ForeignKeyConstraint(["node_id"], ["node.node_id"], name=op.f("fk_number_lease_node_id_node")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_number_lease")),
        sa.UniqueConstraint("year", "first", name=op.f("uq_number_lease_year_first")),
    )
    with op.batch_alter_table("number_lease", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_number_lease_node_id"), ["node_id"], unique=False)


def _make_officer() -> None:
    op.create_table(
        "officer",
        sa.Column("officer_id", sa.String(length=18), nullable=False),
        sa.Column("node_id", sa.String(length=13), nullable=False),
        sa.Column("name", sa.String(length=120), nullable=False),
        sa.Column("public_key", sa.LargeBinary(length=32), nullable=False),
        sa.Column("kid", sa.LargeBinary(length=16), nullable=False),
        sa.Column("status", sa.String(length=10), nullable=False),
        sa.Column("requested_at", sa.BigInteger(), nullable=False),
        sa.Column("certified_at", sa.BigInteger(), nullable=True),
        sa.Column("revoked_at", sa.BigInteger(), nullable=True),
        sa.Column("decided_by", sa.String(length=80), nullable=True),
        sa.Column("certificate", sa.LargeBinary(), nullable=True),
        sa.CheckConstraint("status IN ('pending', 'approved', 'active', 'revoked')", name=op.f("ck_officer_status")),
        sa.ForeignKeyConstraint(["node_id"], ["node.node_id"], name=op.f("fk_officer_node_id_node")),
        sa.PrimaryKeyConstraint("officer_id", name=op.f("pk_officer")),
        sa.UniqueConstraint("kid", name=op.f("uq_officer_kid")),
    )
    with op.batch_alter_table("officer", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_officer_node_id"), ["node_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_officer_status"), ["status"], unique=False)


def _make_presence() -> None:
    op.create_table(
        "presence",
        sa.Column("node_id", sa.String(length=13), nullable=False),
        sa.Column("session", sa.BigInteger(), nullable=False),
        sa.Column("state", sa.String(length=10), nullable=False),
        sa.Column("born_at", sa.BigInteger(), nullable=False),
        sa.Column("seen_at", sa.BigInteger(), nullable=False),
        sa.Column("claimed_ms", sa.BigInteger(), nullable=False),
        sa.Column("program", sa.String(length=40), nullable=False),
        sa.Column("last_counter", sa.BigInteger(), nullable=False),
        sa.Column("run", sa.LargeBinary(length=8), nullable=False),
        sa.Column("waiting", sa.BigInteger(), nullable=False),
        sa.Column("waiting_bytes", sa.BigInteger(), nullable=False),
        sa.Column("oldest_waiting_s", sa.BigInteger(), nullable=False),
        sa.Column("disk_free_mb", sa.BigInteger(), nullable=True),
        sa.Column("disk_total_mb", sa.BigInteger(), nullable=True),
        sa.Column("ram_free_mb", sa.BigInteger(), nullable=True),
        sa.Column("battery_percent", sa.SmallInteger(), nullable=True),
        sa.Column("on_mains", sa.Boolean(), nullable=True),
        sa.Column("clock_offset_ms", sa.BigInteger(), nullable=True),
        sa.Column("rtt_ms", sa.BigInteger(), nullable=True),
        sa.Column("lost_percent", sa.SmallInteger(), nullable=True),
        sa.Column("certificate_days", sa.BigInteger(), nullable=True),
        sa.Column("backup_age_h", sa.BigInteger(), nullable=True),
        sa.Column("sign_ins", sa.BigInteger(), nullable=True),
        sa.Column("failed_sign_ins", sa.BigInteger(), nullable=True),
        sa.CheckConstraint("state IN ('live', 'dead')", name=op.f("ck_presence_state")),
        sa.ForeignKeyConstraint(["node_id"], ["node.node_id"], name=op.f("fk_presence_node_id_node")),
        sa.PrimaryKeyConstraint("node_id", name=op.f("pk_presence")),
    )


def _make_rapid_decisions() -> None:
    op.create_table(
        "rapid_decisions",
        sa.Column("person_id", sa.String(length=26), nullable=False),
        sa.Column("hour", sa.BigInteger(), nullable=False),
        sa.Column("office", sa.String(length=40), nullable=False),
        sa.Column("decisions", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["person_id"], ["person.person_id"], name=op.f("fk_rapid_decisions_person_id_person")),
        sa.PrimaryKeyConstraint("person_id", "hour", name=op.f("pk_rapid_decisions")),
    )


def _make_registry_event() -> None:
    op.create_table(
        "registry_event",
        sa.Column("ledger_index", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("kind", sa.String(length=40), nullable=False),
        sa.Column("node_id", sa.String(length=13), nullable=False),
        sa.Column("officer_id", sa.String(length=18), nullable=True),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("decided_by", sa.String(length=80), nullable=False),
        sa.Column("salt", sa.LargeBinary(length=32), nullable=False),
        sa.Column("subject", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(["node_id"], ["node.node_id"], name=op.f("fk_registry_event_node_id_node")),
        sa.PrimaryKeyConstraint("ledger_index", name=op.f("pk_registry_event")),
    )
    with op.batch_alter_table("registry_event", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_registry_event_node_id"), ["node_id"], unique=False)


def _make_session_cut() -> None:
    op.create_table(
        "session_cut",
        sa.Column("node_id", sa.String(length=13), nullable=False),
        sa.Column("ended_at", sa.BigInteger(), nullable=False),
        sa.Column("rounds", sa.Integer(), nullable=False),
        sa.Column("last_at", sa.BigInteger(), nullable=False),
        sa.Column("cut_at", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(["node_id"], ["node.node_id"], name=op.f("fk_session_cut_node_id_node")),
        sa.PrimaryKeyConstraint("node_id", name=op.f("pk_session_cut")),
    )


def _make_attachment_check() -> None:
    op.create_table(
        "attachment_check",
        sa.Column("bundle_id", sa.LargeBinary(length=32), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(length=12), nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("findings", sa.String(length=200), nullable=False),
        sa.Column("pages", sa.Integer(), nullable=False),
        sa.Column("width", sa.Integer(), nullable=False),
        sa.Column("height", sa.Integer(), nullable=False),
        sa.Column("checked_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["bundle_id", "position"],
            ["bundle_attachment.bundle_id", "bundle_attachment.position"],
            name=op.f("fk_attachment_check_bundle_id_position_bundle_attachment"),
        ),
        sa.PrimaryKeyConstraint("bundle_id", "position", name=op.f("pk_attachment_check")),
    )
    with op.batch_alter_table("attachment_check", schema=None) as batch_op:
        batch_op.create_index("ix_attachment_check_state", ["state"], unique=False)


def _make_case_ask() -> None:
    op.create_table(
        "case_ask",
        sa.Column(
            "ledger_index", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=False, nullable=False
        ),
        sa.Column("case_id", sa.String(length=26), nullable=False),
        sa.Column("stage", sa.String(length=40), nullable=False),
        sa.Column("seat", sa.Integer(), nullable=False),
        sa.Column("office", sa.String(length=40), nullable=False),
        sa.Column("reason", sa.String(length=40), nullable=False),
        sa.Column("fields", sa.String(length=5000), nullable=False),
        sa.Column("requirements", sa.String(length=2000), nullable=False),
        sa.Column("asked_at", sa.BigInteger(), nullable=False),
        sa.Column("answered_at", sa.BigInteger(), nullable=True),
        sa.Column("answered_by", sa.LargeBinary(length=32), nullable=True),
        sa.ForeignKeyConstraint(["answered_by"], ["bundle.bundle_id"], name=op.f("fk_case_ask_answered_by_bundle")),
        sa.ForeignKeyConstraint(["case_id"], ["case_file.case_id"], name=op.f("fk_case_ask_case_id_case_file")),
        sa.PrimaryKeyConstraint("ledger_index", name=op.f("pk_case_ask")),
    )
    with op.batch_alter_table("case_ask", schema=None) as batch_op:
        batch_op.create_index("ix_case_ask_case_id", ["case_id", "answered_at"], unique=False)


def _make_case_bundle() -> None:
    op.create_table(
        "case_bundle",
        sa.Column("case_id", sa.String(length=26), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("bundle_id", sa.LargeBinary(length=32), nullable=False),
        sa.ForeignKeyConstraint(["bundle_id"], ["bundle.bundle_id"], name=op.f("fk_case_bundle_bundle_id_bundle")),
        sa.ForeignKeyConstraint(["case_id"], ["case_file.case_id"], name=op.f("fk_case_bundle_case_id_case_file")),
        sa.PrimaryKeyConstraint("case_id", "position", name=op.f("pk_case_bundle")),
        sa.UniqueConstraint("bundle_id", name=op.f("uq_case_bundle_bundle_id")),
    )


def _make_case_clock() -> None:
    op.create_table(
        "case_clock",
        sa.Column("case_id", sa.String(length=26), nullable=False),
        sa.Column("stage", sa.String(length=48), nullable=False),
        sa.Column("office", sa.String(length=40), nullable=False),
        sa.Column("limit_days", sa.Integer(), nullable=False),
        sa.Column("started_at", sa.BigInteger(), nullable=False),
        sa.Column("stopped_at", sa.BigInteger(), nullable=True),
        sa.Column("is_paused", sa.Boolean(), nullable=False),
        sa.Column("due_at", sa.BigInteger(), nullable=True),
        sa.Column("missing_year", sa.Integer(), nullable=True),
        sa.Column("calendar_version", sa.Integer(), nullable=False),
        sa.Column("deemed_days", sa.Integer(), nullable=True),
        sa.Column("deemed_at", sa.BigInteger(), nullable=True),
        sa.Column("level", sa.Integer(), nullable=False),
        sa.Column("deemed_level", sa.Integer(), nullable=False),
        sa.Column("next_alarm_at", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(["case_id"], ["case_file.case_id"], name=op.f("fk_case_clock_case_id_case_file")),
        sa.PrimaryKeyConstraint("case_id", "stage", name=op.f("pk_case_clock")),
    )
    with op.batch_alter_table("case_clock", schema=None) as batch_op:
        batch_op.create_index(
            "ix_case_clock_next_alarm",
            ["next_alarm_at"],
            unique=False,
            sqlite_where=sa.text("stopped_at IS NULL"),
            postgresql_where=sa.text("stopped_at IS NULL"),
        )
        batch_op.create_index("ix_case_clock_office", ["office", "due_at"], unique=False)
        batch_op.create_index(
            "ix_case_clock_version",
            ["calendar_version"],
            unique=False,
            sqlite_where=sa.text("stopped_at IS NULL"),
            postgresql_where=sa.text("stopped_at IS NULL"),
        )


def _make_case_decision() -> None:
    op.create_table(
        "case_decision",
        sa.Column("case_id", sa.String(length=26), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("verdict", sa.String(length=10), nullable=False),
        sa.Column("state", sa.String(length=12), nullable=False),
        sa.Column("person_id", sa.String(length=26), nullable=False),
        sa.Column("office", sa.String(length=40), nullable=False),
        sa.Column("role", sa.String(length=24), nullable=False),
        sa.Column("capacity", sa.String(length=8), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("note", sa.LargeBinary(), nullable=True),
        sa.Column("confirmed_by", sa.String(length=26), nullable=True),
        sa.Column("confirmed_office", sa.String(length=40), nullable=False),
        sa.Column("confirmed_at", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(["case_id"], ["case_file.case_id"], name=op.f("fk_case_decision_case_id_case_file")),
        sa.ForeignKeyConstraint(
            ["confirmed_by"], ["person.person_id"], name=op.f("fk_case_decision_confirmed_by_person")
        ),
        sa.ForeignKeyConstraint(["person_id"], ["person.person_id"], name=op.f("fk_case_decision_person_id_person")),
        sa.PrimaryKeyConstraint("case_id", "number", name=op.f("pk_case_decision")),
    )
    with op.batch_alter_table("case_decision", schema=None) as batch_op:
        batch_op.create_index("ix_case_decision_person_id", ["person_id", "at"], unique=False)
        batch_op.create_index(
            "uq_case_decision_one",
            ["case_id"],
            unique=True,
            sqlite_where=sa.text("state IN ('proposed', 'standing')"),
            postgresql_where=sa.text("state IN ('proposed', 'standing')"),
        )


def _make_case_event() -> None:
    op.create_table(
        "case_event",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("case_id", sa.String(length=26), nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("office", sa.String(length=40), nullable=False),
        sa.Column("person_id", sa.String(length=26), nullable=True),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("ledger_index", sa.BigInteger(), nullable=False),
        sa.Column("receipt_index", sa.BigInteger(), nullable=True),
        sa.Column("stage", sa.String(length=40), nullable=False),
        sa.Column("code", sa.String(length=40), nullable=False),
        sa.Column("names", sa.String(length=5000), nullable=False),
        sa.Column("note", sa.LargeBinary(), nullable=True),
        sa.Column("out_of_turn", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(["case_id"], ["case_file.case_id"], name=op.f("fk_case_event_case_id_case_file")),
        sa.ForeignKeyConstraint(["person_id"], ["person.person_id"], name=op.f("fk_case_event_person_id_person")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_case_event")),
    )
    with op.batch_alter_table("case_event", schema=None) as batch_op:
        batch_op.create_index("ix_case_event_case_id", ["case_id", "id"], unique=False)
        batch_op.create_index(batch_op.f("ix_case_event_ledger_index"), ["ledger_index"], unique=False)


def _make_case_mark() -> None:
    op.create_table(
        "case_mark",
        sa.Column("case_id", sa.String(length=26), nullable=False),
        sa.Column("kind", sa.String(length=10), nullable=False),
        sa.Column("value", sa.LargeBinary(length=32), nullable=False),
        sa.ForeignKeyConstraint(["case_id"], ["case_file.case_id"], name=op.f("fk_case_mark_case_id_case_file")),
        sa.PrimaryKeyConstraint("case_id", "kind", name=op.f("pk_case_mark")),
    )
    with op.batch_alter_table("case_mark", schema=None) as batch_op:
        batch_op.create_index("ix_case_mark_value", ["value", "kind"], unique=False)


def _make_case_proposal() -> None:
    op.create_table(
        "case_proposal",
        sa.Column("proposal_id", sa.String(length=26), nullable=False),
        sa.Column("case_id", sa.String(length=26), nullable=False),
        sa.Column("seat", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("state", sa.String(length=12), nullable=False),
        sa.Column("proposed_by", sa.String(length=26), nullable=False),
        sa.Column("office", sa.String(length=40), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("asked_office", sa.String(length=40), nullable=False),
        sa.Column("note", sa.LargeBinary(), nullable=False),
        sa.Column("payload", sa.LargeBinary(), nullable=True),
        sa.Column("answered_by", sa.String(length=26), nullable=True),
        sa.Column("answered_at", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(
            ["answered_by"], ["person.person_id"], name=op.f("fk_case_proposal_answered_by_person")
        ),
        sa.ForeignKeyConstraint(["case_id"], ["case_file.case_id"], name=op.f("fk_case_proposal_case_id_case_file")),
        sa.ForeignKeyConstraint(
            ["proposed_by"], ["person.person_id"], name=op.f("fk_case_proposal_proposed_by_person")
        ),
        sa.PrimaryKeyConstraint("proposal_id", name=op.f("pk_case_proposal")),
    )
    with op.batch_alter_table("case_proposal", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_case_proposal_case_id"), ["case_id"], unique=False)
        batch_op.create_index(
            "uq_case_proposal_open",
            ["case_id"],
            unique=True,
            sqlite_where=sa.text("state = 'open'"),
            postgresql_where=sa.text("state = 'open'"),
        )


def _make_case_stage() -> None:
    op.create_table(
        "case_stage",
        sa.Column("case_id", sa.String(length=26), nullable=False),
        sa.Column("stage", sa.String(length=40), nullable=False),
        sa.Column("seat", sa.Integer(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("action", sa.String(length=20), nullable=False),
        sa.Column("role", sa.String(length=24), nullable=False),
        sa.Column("office", sa.String(length=40), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("since", sa.BigInteger(), nullable=False),
        sa.Column("opened_at", sa.BigInteger(), nullable=True),
        sa.Column("proposed_to", sa.String(length=26), nullable=True),
        sa.Column("taken_by", sa.String(length=26), nullable=True),
        sa.Column("taken_at", sa.BigInteger(), nullable=True),
        sa.Column("done_by", sa.String(length=26), nullable=True),
        sa.Column("done_at", sa.BigInteger(), nullable=True),
        sa.Column("outcome", sa.String(length=16), nullable=False),
        sa.Column("reference", sa.String(length=80), nullable=False),
        sa.ForeignKeyConstraint(["case_id"], ["case_file.case_id"], name=op.f("fk_case_stage_case_id_case_file")),
        sa.ForeignKeyConstraint(["done_by"], ["person.person_id"], name=op.f("fk_case_stage_done_by_person")),
        sa.ForeignKeyConstraint(["proposed_to"], ["person.person_id"], name=op.f("fk_case_stage_proposed_to_person")),
        sa.ForeignKeyConstraint(["taken_by"], ["person.person_id"], name=op.f("fk_case_stage_taken_by_person")),
        sa.PrimaryKeyConstraint("case_id", "stage", "seat", name=op.f("pk_case_stage")),
    )
    with op.batch_alter_table("case_stage", schema=None) as batch_op:
        batch_op.create_index(
            "ix_case_stage_action",
            ["action", "case_id"],
            unique=False,
            sqlite_where=sa.text("state IN ('open', 'taken')"),
            postgresql_where=sa.text("state IN ('open', 'taken')"),
        )
        batch_op.create_index("ix_case_stage_office", ["office", "state", "since"], unique=False)
        batch_op.create_index(
            "ix_case_stage_taken_by",
            ["taken_by"],
            unique=False,
            sqlite_where=sa.text("state IN ('open', 'taken')"),
            postgresql_where=sa.text("state IN ('open', 'taken')"),
        )


def _make_case_word() -> None:
    op.create_table(
        "case_word",
        sa.Column("value", sa.LargeBinary(length=16), nullable=False),
        sa.Column("case_id", sa.String(length=26), nullable=False),
        sa.ForeignKeyConstraint(["case_id"], ["case_file.case_id"], name=op.f("fk_case_word_case_id_case_file")),
        sa.PrimaryKeyConstraint("value", "case_id", name=op.f("pk_case_word")),
    )
    with op.batch_alter_table("case_word", schema=None) as batch_op:
        batch_op.create_index("ix_case_word_case_id", ["case_id"], unique=False)


def _make_clock_alarm() -> None:
    op.create_table(
        "clock_alarm",
        sa.Column("case_id", sa.String(length=26), nullable=False),
        sa.Column("stage", sa.String(length=48), nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("due_at", sa.BigInteger(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("office", sa.String(length=40), nullable=False),
        sa.Column("ledger_index", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("salt", sa.LargeBinary(length=32), nullable=False),
        sa.Column("subject", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(["case_id"], ["case_file.case_id"], name=op.f("fk_clock_alarm_case_id_case_file")),
        sa.PrimaryKeyConstraint("case_id", "stage", "kind", "due_at", name=op.f("pk_clock_alarm")),
        sa.UniqueConstraint("ledger_index", name=op.f("uq_clock_alarm_ledger_index")),
    )


def _make_clock_pause() -> None:
    op.create_table(
        "clock_pause",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("case_id", sa.String(length=26), nullable=False),
        sa.Column("stage", sa.String(length=48), nullable=False),
        sa.Column("reason", sa.String(length=20), nullable=False),
        sa.Column("started_at", sa.BigInteger(), nullable=False),
        sa.Column("ended_at", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(["case_id"], ["case_file.case_id"], name=op.f("fk_clock_pause_case_id_case_file")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_clock_pause")),
    )
    with op.batch_alter_table("clock_pause", schema=None) as batch_op:
        batch_op.create_index("ix_clock_pause_case_id", ["case_id", "id"], unique=False)


def _make_due_history() -> None:
    op.create_table(
        "due_history",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("case_id", sa.String(length=26), nullable=False),
        sa.Column("stage", sa.String(length=48), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("reason", sa.String(length=20), nullable=False),
        sa.Column("old_due_at", sa.BigInteger(), nullable=True),
        sa.Column("new_due_at", sa.BigInteger(), nullable=True),
        sa.Column("old_version", sa.Integer(), nullable=False),
        sa.Column("new_version", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["case_id"], ["case_file.case_id"], name=op.f("fk_due_history_case_id_case_file")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_due_history")),
    )
    with op.batch_alter_table("due_history", schema=None) as batch_op:
        batch_op.create_index("ix_due_history_case_id", ["case_id", "id"], unique=False)


def _make_permit_document() -> None:
    op.create_table(
        "permit_document",
        sa.Column("document_id", sa.LargeBinary(length=32), nullable=False),
        sa.Column("case_id", sa.String(length=26), nullable=False),
        sa.Column("title", sa.String(length=120), nullable=False),
        sa.Column("media_type", sa.String(length=80), nullable=False),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.Column("sha256", sa.LargeBinary(length=32), nullable=False),
        sa.Column("content_key", sa.LargeBinary(), nullable=False),
        sa.Column("blob", sa.LargeBinary(length=32), nullable=False),
        sa.Column("kept_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["case_id"], ["case_file.case_id"], name=op.f("fk_permit_document_case_id_case_file")),
        sa.PrimaryKeyConstraint("document_id", name=op.f("pk_permit_document")),
        sa.UniqueConstraint("sha256", name=op.f("uq_permit_document_sha256")),
    )
    with op.batch_alter_table("permit_document", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_permit_document_case_id"), ["case_id"], unique=False)


def _make_permit_register_line() -> None:
    op.create_table(
        "permit_register_line",
        sa.Column("line_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("office", sa.String(length=40), nullable=False),
        sa.Column("register", sa.String(length=20), nullable=False),
        sa.Column("year", sa.Integer(), nullable=False),
        sa.Column("serial", sa.Integer(), nullable=False),
        sa.Column("number", sa.String(length=60), nullable=False),
        sa.Column("case_id", sa.String(length=26), nullable=False),
        sa.Column("taken_by", sa.String(length=26), nullable=False),
        sa.Column("taken_at", sa.BigInteger(), nullable=False),
        sa.Column("voided_at", sa.BigInteger(), nullable=True),
        sa.Column("void_reason", sa.String(length=40), nullable=False),
        sa.ForeignKeyConstraint(
            ["case_id"], ["case_file.case_id"], name=op.f("fk_permit_register_line_case_id_case_file")
        ),
        sa.ForeignKeyConstraint(
            ["taken_by"], ["person.person_id"], name=op.f("fk_permit_register_line_taken_by_person")
        ),
        sa.PrimaryKeyConstraint("line_id", name=op.f("pk_permit_register_line")),
        sa.UniqueConstraint("number", name=op.f("uq_permit_register_line_number")),
        sa.UniqueConstraint(
            "office", "register", "year", "serial", name=op.f("uq_permit_register_line_office_register_year_serial")
        ),
    )
    with op.batch_alter_table("permit_register_line", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_permit_register_line_case_id"), ["case_id"], unique=False)


def _make_web_session() -> None:
    op.create_table(
        "web_session",
        sa.Column("token_hash", sa.LargeBinary(length=32), nullable=False),
        sa.Column("person_id", sa.String(length=26), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("seen_at", sa.BigInteger(), nullable=False),
        sa.Column("expires_at", sa.BigInteger(), nullable=False),
        sa.Column("delegation_id", sa.String(length=26), nullable=True),
        sa.ForeignKeyConstraint(
            ["delegation_id"], ["delegation.delegation_id"], name=op.f("fk_web_session_delegation_id_delegation")
        ),
        sa.ForeignKeyConstraint(["person_id"], ["person.person_id"], name=op.f("fk_web_session_person_id_person")),
        sa.PrimaryKeyConstraint("token_hash", name=op.f("pk_web_session")),
    )
    with op.batch_alter_table("web_session", schema=None) as batch_op:
        batch_op.create_index("ix_web_session_expires_at", ["expires_at"], unique=False)
        batch_op.create_index("ix_web_session_person_id", ["person_id"], unique=False)


def _make_fee_assessment() -> None:
    op.create_table(
        "fee_assessment",
        sa.Column("assessment_id", sa.String(length=26), nullable=False),
        sa.Column("case_id", sa.String(length=26), nullable=False),
        sa.Column("stage", sa.String(length=40), nullable=False),
        sa.Column("state", sa.String(length=10), nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("amount_rp", sa.BigInteger(), nullable=False),
        sa.Column("inputs", sa.LargeBinary(), nullable=False),
        sa.Column("reference", sa.String(length=60), nullable=False),
        sa.Column("line_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("payment_code", sa.String(length=16), nullable=True),
        sa.Column("office", sa.String(length=40), nullable=False),
        sa.Column("person_id", sa.String(length=26), nullable=False),
        sa.Column("second_person", sa.String(length=26), nullable=True),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("replaces", sa.String(length=26), nullable=True),
        sa.Column("ledger_index", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("amount_rp >= 0", name=op.f("ck_fee_assessment_amount")),
        sa.ForeignKeyConstraint(["case_id"], ["case_file.case_id"], name=op.f("fk_fee_assessment_case_id_case_file")),
        sa.ForeignKeyConstraint(
            ["line_id"], ["permit_register_line.line_id"], name=op.f("fk_fee_assessment_line_id_permit_register_line")
        ),
        sa.ForeignKeyConstraint(["person_id"], ["person.person_id"], name=op.f("fk_fee_assessment_person_id_person")),
        sa.ForeignKeyConstraint(
            ["replaces"], ["fee_assessment.assessment_id"], name=op.f("fk_fee_assessment_replaces_fee_assessment")
        ),
        sa.ForeignKeyConstraint(
            ["second_person"], ["person.person_id"], name=op.f("fk_fee_assessment_second_person_person")
        ),
        sa.PrimaryKeyConstraint("assessment_id", name=op.f("pk_fee_assessment")),
        sa.UniqueConstraint("line_id", name=op.f("uq_fee_assessment_line_id")),
        sa.UniqueConstraint("payment_code", name=op.f("uq_fee_assessment_payment_code")),
        sa.UniqueConstraint("replaces", name=op.f("uq_fee_assessment_replaces")),
    )
    with op.batch_alter_table("fee_assessment", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_fee_assessment_case_id"), ["case_id"], unique=False)
        batch_op.create_index(
            "uq_fee_assessment_one",
            ["case_id", "stage"],
            unique=True,
            sqlite_where=sa.text("state <> 'replaced'"),
            postgresql_where=sa.text("state <> 'replaced'"),
        )


def _make_permit() -> None:
    op.create_table(
        "permit",
        sa.Column("permit_id", sa.String(length=26), nullable=False),
        sa.Column("case_id", sa.String(length=26), nullable=False),
        sa.Column("round", sa.Integer(), nullable=False),
        sa.Column("line_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("state", sa.String(length=10), nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("template", sa.String(length=40), nullable=False),
        sa.Column("office", sa.String(length=40), nullable=False),
        sa.Column("title", sa.String(length=60), nullable=False),
        sa.Column("mark", sa.LargeBinary(length=16), nullable=False),
        sa.Column("facts", sa.LargeBinary(), nullable=False),
        sa.Column("issued_on", sa.String(length=10), nullable=False),
        sa.Column("valid_until", sa.String(length=10), nullable=True),
        sa.Column("signer", sa.String(length=26), nullable=False),
        sa.Column("capacity", sa.String(length=120), nullable=False),
        sa.Column("reserved_at", sa.BigInteger(), nullable=False),
        sa.Column("numbered_index", sa.BigInteger(), nullable=False),
        sa.Column("signed_at", sa.BigInteger(), nullable=True),
        sa.Column("signed_index", sa.BigInteger(), nullable=True),
        sa.Column("document_id", sa.LargeBinary(length=32), nullable=True),
        sa.Column("renews", sa.String(length=26), nullable=True),
        sa.Column("version_id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["case_id"], ["case_file.case_id"], name=op.f("fk_permit_case_id_case_file")),
        sa.ForeignKeyConstraint(
            ["document_id"], ["permit_document.document_id"], name=op.f("fk_permit_document_id_permit_document")
        ),
        sa.ForeignKeyConstraint(
            ["line_id"], ["permit_register_line.line_id"], name=op.f("fk_permit_line_id_permit_register_line")
        ),
        sa.ForeignKeyConstraint(["renews"], ["permit.permit_id"], name=op.f("fk_permit_renews_permit")),
        sa.ForeignKeyConstraint(["signer"], ["person.person_id"], name=op.f("fk_permit_signer_person")),
        sa.PrimaryKeyConstraint("permit_id", name=op.f("pk_permit")),
        sa.UniqueConstraint("document_id", name=op.f("uq_permit_document_id")),
        sa.UniqueConstraint("line_id", name=op.f("uq_permit_line_id")),
        sa.UniqueConstraint("mark", name=op.f("uq_permit_mark")),
    )
    with op.batch_alter_table("permit", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_permit_case_id"), ["case_id"], unique=False)
        batch_op.create_index("ix_permit_office", ["office", "permit_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_permit_renews"), ["renews"], unique=False)
        batch_op.create_index(
            "ux_permit_live",
            ["case_id", "round"],
            unique=True,
            sqlite_where=sa.text("state IN ('reserved', 'issued')"),
            postgresql_where=sa.text("state IN ('reserved', 'issued')"),
        )


def _make_fee_payment() -> None:
    op.create_table(
        "fee_payment",
        sa.Column("payment_id", sa.String(length=26), nullable=False),
        sa.Column("assessment_id", sa.String(length=26), nullable=False),
        sa.Column("case_id", sa.String(length=26), nullable=False),
        sa.Column("service", sa.String(length=40), nullable=False),
        sa.Column("office", sa.String(length=40), nullable=False),
        sa.Column("amount_rp", sa.BigInteger(), nullable=False),
        sa.Column("channel", sa.String(length=10), nullable=False),
        sa.Column("reference", sa.String(length=60), nullable=False),
        sa.Column("reference_key", sa.String(length=60), nullable=False),
        sa.Column("paid_on", sa.String(length=10), nullable=False),
        sa.Column("proof", sa.LargeBinary(length=32), nullable=True),
        sa.Column("line_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("recorded_by", sa.String(length=26), nullable=False),
        sa.Column("recorded_office", sa.String(length=40), nullable=False),
        sa.Column("recorded_at", sa.BigInteger(), nullable=False),
        sa.Column("ledger_index", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["assessment_id"],
            ["fee_assessment.assessment_id"],
            name=op.f("fk_fee_payment_assessment_id_fee_assessment"),
        ),
        sa.ForeignKeyConstraint(["case_id"], ["case_file.case_id"], name=op.f("fk_fee_payment_case_id_case_file")),
        sa.ForeignKeyConstraint(
            ["line_id"], ["permit_register_line.line_id"], name=op.f("fk_fee_payment_line_id_permit_register_line")
        ),
        sa.ForeignKeyConstraint(["recorded_by"], ["person.person_id"], name=op.f("fk_fee_payment_recorded_by_person")),
        sa.PrimaryKeyConstraint("payment_id", name=op.f("pk_fee_payment")),
        sa.UniqueConstraint("assessment_id", name=op.f("uq_fee_payment_assessment_id")),
        sa.UniqueConstraint("channel", "reference_key", name=op.f("uq_fee_payment_channel_reference_key")),
        sa.UniqueConstraint("line_id", name=op.f("uq_fee_payment_line_id")),
    )
    with op.batch_alter_table("fee_payment", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_fee_payment_case_id"), ["case_id"], unique=False)
        batch_op.create_index("ix_fee_payment_revenue", ["paid_on", "office", "service"], unique=False)


def _make_permit_revocation() -> None:
    op.create_table(
        "permit_revocation",
        sa.Column("permit_id", sa.String(length=26), nullable=False),
        sa.Column("mark", sa.LargeBinary(length=16), nullable=False),
        sa.Column("code", sa.String(length=20), nullable=False),
        sa.Column("reason", sa.LargeBinary(), nullable=False),
        sa.Column("proposed_by", sa.String(length=26), nullable=False),
        sa.Column("confirmed_by", sa.String(length=26), nullable=False),
        sa.Column("revoked_at", sa.BigInteger(), nullable=False),
        sa.Column("ledger_index", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["confirmed_by"], ["person.person_id"], name=op.f("fk_permit_revocation_confirmed_by_person")
        ),
        sa.ForeignKeyConstraint(
            ["permit_id"], ["permit.permit_id"], name=op.f("fk_permit_revocation_permit_id_permit")
        ),
        sa.ForeignKeyConstraint(
            ["proposed_by"], ["person.person_id"], name=op.f("fk_permit_revocation_proposed_by_person")
        ),
        sa.PrimaryKeyConstraint("permit_id", name=op.f("pk_permit_revocation")),
        sa.UniqueConstraint("mark", name=op.f("uq_permit_revocation_mark")),
    )
    with op.batch_alter_table("permit_revocation", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_permit_revocation_revoked_at"), ["revoked_at"], unique=False)


TABLES = {
    "account_opening": _make_account_opening,
    "alarm": _make_alarm,
    "asked_count": _make_asked_count,
    "broadcast": _make_broadcast,
    "bundle": _make_bundle,
    "bundle_chunk": _make_bundle_chunk,
    "bundle_receipt": _make_bundle_receipt,
    "calendar_version": _make_calendar_version,
    "case_opening": _make_case_opening,
    "dispatch_notice": _make_dispatch_notice,
    "dispatch_offer": _make_dispatch_offer,
    "dispatch_standing": _make_dispatch_standing,
    "fee_opening": _make_fee_opening,
    "health_series_mark": _make_health_series_mark,
    "health_tally_mark": _make_health_tally_mark,
    "intake_quarantine": _make_intake_quarantine,
    "intake_refusal": _make_intake_refusal,
    "intake_tally": _make_intake_tally,
    "lease_head": _make_lease_head,
    "ledger_checkpoint": _make_ledger_checkpoint,
    "ledger_cosignature": _make_ledger_cosignature,
    "ledger_entry": _make_ledger_entry,
    "ledger_head": _make_ledger_head,
    "ledger_tile": _make_ledger_tile,
    "ledger_witness": _make_ledger_witness,
    "maintenance_window": _make_maintenance_window,
    "node": _make_node,
    "officer_act": _make_officer_act,
    "parcel": _make_parcel,
    "permit_opening": _make_permit_opening,
    "permit_register": _make_permit_register,
    "permit_revocation_sent": _make_permit_revocation_sent,
    "person": _make_person,
    "program_beat": _make_program_beat,
    "sign_in_failure": _make_sign_in_failure,
    "village_week": _make_village_week,
    "absence": _make_absence,
    "alarm_event": _make_alarm_event,
    "bundle_attachment": _make_bundle_attachment,
    "calendar_entry": _make_calendar_entry,
    "calendar_year": _make_calendar_year,
    "case_file": _make_case_file,
    "delegation": _make_delegation,
    "enrolment_code": _make_enrolment_code,
    "health_sample": _make_health_sample,
    "node_certificate": _make_node_certificate,
    "node_renewal": _make_node_renewal,
    "node_request": _make_node_request,
    "node_run": _make_node_run,
    "number_lease": _make_number_lease,
    "officer": _make_officer,
    "presence": _make_presence,
    "rapid_decisions": _make_rapid_decisions,
    "registry_event": _make_registry_event,
    "session_cut": _make_session_cut,
    "attachment_check": _make_attachment_check,
    "case_ask": _make_case_ask,
    "case_bundle": _make_case_bundle,
    "case_clock": _make_case_clock,
    "case_decision": _make_case_decision,
    "case_event": _make_case_event,
    "case_mark": _make_case_mark,
    "case_proposal": _make_case_proposal,
    "case_stage": _make_case_stage,
    "case_word": _make_case_word,
    "clock_alarm": _make_clock_alarm,
    "clock_pause": _make_clock_pause,
    "due_history": _make_due_history,
    "permit_document": _make_permit_document,
    "permit_register_line": _make_permit_register_line,
    "web_session": _make_web_session,
    "fee_assessment": _make_fee_assessment,
    "permit": _make_permit,
    "fee_payment": _make_fee_payment,
    "permit_revocation": _make_permit_revocation,
}
