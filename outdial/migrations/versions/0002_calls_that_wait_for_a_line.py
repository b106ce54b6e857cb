"""Calls that wait for a line have an index of their own."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("call", schema=None) as batch_op:
        batch_op.create_index(
            "ix_call_in_queue",
            ["progress", "account_id", "batch_id", "due_at"],
            unique=False,
            sqlite_where=sa.text("workflow_started AND ended_at IS NULL AND hold_reason IS NOT NULL"),
            postgresql_where=sa.text("workflow_started AND ended_at IS NULL AND hold_reason IS NOT NULL"),
        )


def downgrade() -> None:
    with op.batch_alter_table("call", schema=None) as batch_op:
        batch_op.drop_index(
            "ix_call_in_queue",
            sqlite_where=sa.text("workflow_started AND ended_at IS NULL AND hold_reason IS NOT NULL"),
            postgresql_where=sa.text("workflow_started AND ended_at IS NULL AND hold_reason IS NOT NULL"),
        )
