"""The ledger's own functions in the database.

They belong to the owner role and run with its rights; the web role may call them and may not touch
the tables. One call is one round trip: key, checks, balances, transfer.

Error codes: LD001 key reused, LD002 fee not listed, LD003 hold wrong, LD004 account or currency wrong.
"""

FUNCTIONS = r"""
CREATE SEQUENCE ledger_seq AS bigint;

CREATE FUNCTION ledger_refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '% is append-only', TG_TABLE_NAME USING ERRCODE = 'LD000';
END $$;

CREATE TRIGGER ledger_transfer_append_only BEFORE UPDATE OR DELETE ON ledger_transfer
    FOR EACH ROW EXECUTE FUNCTION ledger_refuse_change();
CREATE TRIGGER ledger_transfer_no_truncate BEFORE TRUNCATE ON ledger_transfer
    FOR EACH STATEMENT EXECUTE FUNCTION ledger_refuse_change();

CREATE FUNCTION ledger_open(p_id uuid, p_code text, p_kind text, p_debit_normal boolean, p_floored boolean)
RETURNS void LANGUAGE sql SECURITY DEFINER SET search_path = public, pg_temp AS $$
    INSERT INTO ledger_account (id, code, kind, currency, debit_normal, floored, debits_fen, credits_fen, held_fen)
    VALUES (p_id, p_code, p_kind, 'CNY', p_debit_normal, p_floored, 0, 0, 0) ON CONFLICT DO NOTHING;
$$;

-- Add to an account without a condition: take the first counter nobody holds, or make one.
CREATE FUNCTION ledger_bump(p_account uuid, p_debits bigint, p_credits bigint) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
    slot bigint;
BEGIN
    SELECT id INTO slot FROM ledger_slot WHERE account_id = p_account ORDER BY n LIMIT 1
        FOR NO KEY UPDATE SKIP LOCKED;
    IF FOUND THEN
        UPDATE ledger_slot SET debits_fen = debits_fen + p_debits, credits_fen = credits_fen + p_credits
        WHERE id = slot;
    ELSE
        INSERT INTO ledger_slot (account_id, n, debits_fen, credits_fen)
        VALUES (p_account, floor(random() * 2147483647)::int, p_debits, p_credits);
    END IF;
END $$;

-- Take from an account that has a floor: lock it, fold its counters into the row, and let the row's check decide.
CREATE FUNCTION ledger_take(p_account uuid, p_debits bigint, p_credits bigint, p_held bigint) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
    folded_debits bigint;
    folded_credits bigint;
BEGIN
    PERFORM 1 FROM ledger_account WHERE id = p_account FOR NO KEY UPDATE;
    SELECT coalesce(sum(debits_fen), 0), coalesce(sum(credits_fen), 0) INTO folded_debits, folded_credits
    FROM (SELECT debits_fen, credits_fen FROM ledger_slot WHERE account_id = p_account ORDER BY n FOR UPDATE) AS slots;
    IF folded_debits <> 0 OR folded_credits <> 0 THEN
        UPDATE ledger_slot SET debits_fen = 0, credits_fen = 0 WHERE account_id = p_account;
    END IF;
    UPDATE ledger_account
    SET debits_fen = debits_fen + folded_debits + p_debits,
        credits_fen = credits_fen + folded_credits + p_credits,
        held_fen = held_fen + p_held
    WHERE id = p_account;
END $$;

CREATE FUNCTION ledger_post(
    p_key text, p_hash text, p_kind text, p_at timestamptz, p_cause_kind text, p_cause_id uuid, p_legs jsonb
) RETURNS TABLE (transfer_id uuid, is_new boolean)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
#variable_conflict use_column
DECLARE
    written int;
    change record;
BEGIN
    -- The key decides who posts: a racing twin waits here for the first to commit, and then finds its rows.
    INSERT INTO ledger_transfer (id, seq, key, leg, body_hash, kind, phase, debit_id, credit_id, amount_fen,
        resolves_id, reverses_id, fee_id, fee_base_fen, cause_kind, cause_id, at)
    SELECT gen_random_uuid(), nextval('ledger_seq'), p_key, leg.leg, p_hash, p_kind, leg.phase, leg.debit, leg.credit,
        leg.amount, leg.resolves, leg.reverses, leg.fee, leg.fee_base, p_cause_kind, p_cause_id, p_at
    FROM jsonb_to_recordset(p_legs) AS leg(leg int, phase text, debit uuid, credit uuid, amount bigint,
        resolves uuid, reverses uuid, fee bigint, fee_base bigint)
    ON CONFLICT (key, leg) DO NOTHING;
    GET DIAGNOSTICS written = ROW_COUNT;
    IF written = 0 THEN
        IF EXISTS (SELECT 1 FROM ledger_transfer WHERE key = p_key AND body_hash <> p_hash) THEN
            RAISE EXCEPTION 'key % was used with other legs', p_key USING ERRCODE = 'LD001';
        END IF;
        RETURN QUERY SELECT id, false FROM ledger_transfer WHERE key = p_key ORDER BY leg;
        RETURN;
    ELSIF written <> jsonb_array_length(p_legs) THEN
        RAISE EXCEPTION 'key % was used with other legs', p_key USING ERRCODE = 'LD001';
    END IF;

    IF EXISTS (
        SELECT 1 FROM ledger_transfer t LEFT JOIN ledger_account d ON d.id = t.debit_id
        LEFT JOIN ledger_account c ON c.id = t.credit_id
        WHERE t.key = p_key AND (d.id IS NULL OR c.id IS NULL OR d.currency <> c.currency)
    ) THEN
        RAISE EXCEPTION 'an unknown account, or two currencies' USING ERRCODE = 'LD004';
    END IF;
    IF EXISTS (
        SELECT 1 FROM ledger_transfer t JOIN ledger_account c ON c.id = t.credit_id LEFT JOIN ledger_fee f ON f.id = t.fee_id
        WHERE t.key = p_key AND (c.kind = 'fees') AND t.reverses_id IS NULL AND (
            f.id IS NULL OR (p_at AT TIME ZONE 'Asia/Shanghai')::date < f.valid_from
            OR (p_at AT TIME ZONE 'Asia/Shanghai')::date >= f.valid_to
            OR t.amount_fen <> (t.fee_base_fen * f.rate_bp + 5000) / 10000)
    ) THEN
        RAISE EXCEPTION 'a fee that is not on the schedule' USING ERRCODE = 'LD002';
    END IF;
    IF EXISTS (
        SELECT 1 FROM ledger_transfer t JOIN ledger_transfer h ON h.id = t.resolves_id
        WHERE t.key = p_key AND (h.phase <> 'pending' OR h.debit_id <> t.debit_id OR h.credit_id <> t.credit_id
            OR t.amount_fen > h.amount_fen OR (t.phase = 'voided' AND t.amount_fen <> h.amount_fen))
    ) OR EXISTS (
        SELECT 1 FROM ledger_transfer t JOIN ledger_transfer r ON r.id = t.reverses_id
        WHERE t.key = p_key AND (r.phase NOT IN ('posted', 'captured') OR r.debit_id <> t.credit_id
            OR r.credit_id <> t.debit_id OR t.amount_fen <> r.amount_fen)
    ) OR EXISTS (
        SELECT 1 FROM ledger_transfer t JOIN ledger_account d ON d.id = t.debit_id
        WHERE t.key = p_key AND t.phase = 'pending' AND (d.debit_normal OR NOT d.floored)
    ) THEN
        RAISE EXCEPTION 'this hold or transfer cannot be resolved so' USING ERRCODE = 'LD003';
    END IF;

    -- Accounts with a floor first, by id; the busy counters last. Nothing slow in between.
    FOR change IN
        SELECT account, sum(debits)::bigint AS debits, sum(credits)::bigint AS credits, sum(held)::bigint AS held,
            bool_or(floored) AS floored
        FROM (
            SELECT t.debit_id AS account,
                CASE WHEN t.phase IN ('posted', 'captured') THEN t.amount_fen ELSE 0 END AS debits, 0 AS credits,
                CASE t.phase WHEN 'pending' THEN t.amount_fen WHEN 'posted' THEN 0 ELSE -h.amount_fen END AS held,
                a.floored AND NOT a.debit_normal AS floored
            FROM ledger_transfer t JOIN ledger_account a ON a.id = t.debit_id
            LEFT JOIN ledger_transfer h ON h.id = t.resolves_id WHERE t.key = p_key
            UNION ALL
            SELECT t.credit_id, 0, t.amount_fen, 0, a.floored AND a.debit_normal
            FROM ledger_transfer t JOIN ledger_account a ON a.id = t.credit_id
            WHERE t.key = p_key AND t.phase IN ('posted', 'captured')
        ) AS sides GROUP BY account ORDER BY bool_or(floored) DESC, account
    LOOP
        IF change.floored THEN
            PERFORM ledger_take(change.account, change.debits, change.credits, change.held);
        ELSIF change.debits <> 0 OR change.credits <> 0 THEN
            PERFORM ledger_bump(change.account, change.debits, change.credits);
        END IF;
    END LOOP;
    RETURN QUERY SELECT id, true FROM ledger_transfer WHERE key = p_key ORDER BY leg;
END $$;

-- Many transfers between the same two accounts, as an importer or a settled batch has them.
CREATE FUNCTION ledger_post_many(
    p_kind text, p_debit uuid, p_credit uuid, p_cause_kind text,
    p_keys text[], p_amounts bigint[], p_causes uuid[], p_ats timestamptz[]
) RETURNS bigint LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
    total bigint;
    written bigint;
    d ledger_account;
    c ledger_account;
BEGIN
    SELECT * INTO STRICT d FROM ledger_account WHERE id = p_debit;
    SELECT * INTO STRICT c FROM ledger_account WHERE id = p_credit;
    IF d.currency <> c.currency OR c.kind = 'fees' THEN
        RAISE EXCEPTION 'these accounts do not take many transfers' USING ERRCODE = 'LD004';
    END IF;
    WITH rows AS (
        INSERT INTO ledger_transfer (id, seq, key, leg, body_hash, kind, phase, debit_id, credit_id, amount_fen,
            cause_kind, cause_id, at)
        SELECT gen_random_uuid(), nextval('ledger_seq'), u.key, 0,
            encode(sha256(convert_to(concat_ws('|', p_kind, p_debit, p_credit, u.amount), 'UTF8')), 'hex'),
            p_kind, 'posted', p_debit, p_credit, u.amount, p_cause_kind, u.cause, u.at
        FROM unnest(p_keys, p_amounts, p_causes, p_ats) AS u(key, amount, cause, at)
        ON CONFLICT (key, leg) DO NOTHING RETURNING amount_fen
    )
    SELECT coalesce(sum(amount_fen), 0), count(*) INTO total, written FROM rows;
    IF total > 0 THEN
        IF d.floored AND NOT d.debit_normal THEN
            PERFORM ledger_take(p_debit, total, 0, 0);
        ELSE
            PERFORM ledger_bump(p_debit, total, 0);
        END IF;
        IF c.floored AND c.debit_normal THEN
            PERFORM ledger_take(p_credit, 0, total, 0);
        ELSE
            PERFORM ledger_bump(p_credit, 0, total);
        END IF;
    END IF;
    RETURN written;
END $$;

REVOKE EXECUTE ON FUNCTION ledger_bump(uuid, bigint, bigint) FROM PUBLIC;
REVOKE EXECUTE ON FUNCTION ledger_take(uuid, bigint, bigint, bigint) FROM PUBLIC;
DO $$ BEGIN
    IF EXISTS (SELECT 1 FROM pg_roles WHERE rolname = 'sizhong_web') THEN
        REVOKE INSERT, UPDATE, DELETE, TRUNCATE ON ledger_transfer, ledger_account, ledger_slot, ledger_fee FROM sizhong_web;
        REVOKE ALL ON SEQUENCE ledger_seq FROM sizhong_web;
        REVOKE EXECUTE ON FUNCTION ledger_bump(uuid, bigint, bigint) FROM sizhong_web;
        REVOKE EXECUTE ON FUNCTION ledger_take(uuid, bigint, bigint, bigint) FROM sizhong_web;
    END IF;
END $$;
"""
