using System.Text.Json;
using System.Text.Json.Nodes;
using Callwatch.Control;
using Callwatch.Control.Secrets;
using Callwatch.Journal.Disk;
using Callwatch.Spans;
using Dapper;
using Microsoft.Data.Sqlite;

namespace Callwatch.Forward.Desk;

/// <summary>The desk over <c>control.db</c>.</summary>
/// <param name="tryAtOnce">Tells a destination's lane not to wait any longer.</param>
internal sealed class DestinationDesk(
    ControlDb db, Apps apps, Kinds kinds, DestinationWishes wishes, DestinationChecks checks, SecretVault vault, DestinationDirectory directory, ForwardOptions options,
    Action<int> tryAtOnce, TimeProvider time) : IDestinationDesk
{
    // Of two who change the same one at the same moment the second begins again.
    private const int MostAttempts = 5;

    private readonly TracingSwitch tracing = new(db, time);

    public IReadOnlyList<IDestinationKind> Kinds => kinds.All;

    public IReadOnlyList<DestinationView> List(int tenantId)
    {
        using var connection = db.Open();
        using var transaction = connection.BeginTransaction(deferred: true);
        var served = DestinationRow.Apps(connection, transaction);
        return [.. DestinationRow.All(connection, transaction, tenantId).Select(row => ViewOf(connection, transaction, row, served[row.Id]))];
    }

    public DestinationView? Find(int tenantId, int id)
    {
        using var connection = db.Open();
        using var transaction = connection.BeginTransaction(deferred: true);
        return View(connection, transaction, tenantId, id);
    }

    public Task<DestinationAnswer> CreateAsync(int tenantId, DestinationWish wish, string who, CancellationToken cancel) => OnDiskAsync(() => MakeAsync(tenantId, wish, who, cancel));

    public Task<DestinationAnswer> UpdateAsync(int tenantId, int id, DestinationWish wish, string who, CancellationToken cancel) => OnDiskAsync(() => ChangeAsync(tenantId, id, wish, who, cancel));

    public bool Delete(int tenantId, int id, string who)
    {
        using (var connection = db.Open())
        using (var transaction = connection.BeginTransaction(deferred: false))
        {
            if (DestinationRow.Find(connection, transaction, tenantId, id) is not { } row) return false;
            connection.Execute("DELETE FROM destinations WHERE id = @id", new { id }, transaction);
            SecretVault.Sweep(connection, transaction, tenantId);
            Audit(connection, transaction, row, who, "delete destination", []);
            transaction.Commit();
        }

        // The lanes forget what they know of it when they see that it is gone.
        directory.Changed();
        return true;
    }

    public DestinationAnswer Pause(int tenantId, int id, string who) => Switch(tenantId, id, paused: true, who);

    public DestinationAnswer Resume(int tenantId, int id, string who)
    {
        var answer = Switch(tenantId, id, paused: false, who);
        if (answer is DestinationAnswer.Done) tryAtOnce(id);
        return answer;
    }

    public async Task<CheckAnswer> CheckAsync(int tenantId, DestinationWish wish, CancellationToken cancel)
    {
        // Whoever only checks has not thought of a name yet.
        var (draft, wrong) = await wishes.DraftAsync(tenantId, null, null, null, wish with { Name = string.IsNullOrWhiteSpace(wish.Name) ? "check" : wish.Name }, cancel);
        return draft is null ? new CheckAnswer.Refused(wrong!.Field, wrong.Message) : new CheckAnswer.Checked(await checks.RunAsync(tenantId, draft.Kind, draft.Config!, cancel));
    }

    public async Task<CheckAnswer> CheckAsync(int tenantId, int id, DestinationWish? changes, CancellationToken cancel)
    {
        using var connection = db.Open();
        var (row, config, locked) = Read(connection, tenantId, id);
        if (row is null) return new CheckAnswer.Unknown();
        if (changes is not null)
        {
            var (draft, wrong) = await wishes.DraftAsync(tenantId, row, config, locked, changes, cancel);
            if (draft is null) return new CheckAnswer.Refused(wrong!.Field, wrong.Message);
            config = draft.Config ?? config;
        }

        if (config is null) return new CheckAnswer.Checked(new CheckResult(false, locked!));
        return new CheckAnswer.Checked(await checks.RunAsync(tenantId, kinds.Of(row.Kind), config, cancel));
    }

    public AppTracing TracingOf(int tenantId, int appId) => tracing.Of(tenantId, appId);

    public TracingAnswer PutTracing(int tenantId, int appId, TracingWish wish, string who)
    {
        var answer = tracing.Put(tenantId, appId, apps.NameOf(appId), wish, who);
        directory.Changed();
        return answer;
    }

    private static async Task<DestinationAnswer> OnDiskAsync(Func<Task<DestinationAnswer>> change)
    {
        try
        {
            return await change();
        }
        catch (Exception e) when (FullDisk.Is(e))
        {
            // All of a change is one transaction.
            return new DestinationAnswer.DiskFull();
        }
    }

    private async Task<DestinationAnswer> MakeAsync(int tenantId, DestinationWish wish, string who, CancellationToken cancel)
    {
        var (draft, wrong) = await wishes.DraftAsync(tenantId, null, null, null, wish, cancel);
        if (draft is null) return new DestinationAnswer.Refused(wrong!.Field, wrong.Message);
        if (NeedsTooManyApps(tenantId, draft.Apps)) return new DestinationAnswer.Refused("apps", Apps.TooMany);
        using var connection = db.Open();
        var served = IdsOf(tenantId, draft.Apps);
        using var transaction = connection.BeginTransaction(deferred: false);
        if (connection.ExecuteScalar<long>("SELECT count(*) FROM destinations WHERE tenant = @tenantId", new { tenantId }, transaction) >= options.MaxDestinations)
            return new DestinationAnswer.Full(options.MaxDestinations);
        return Save(connection, transaction, draft, draft.Row with { Created = Now }, served, who, "create destination");
    }

    private async Task<DestinationAnswer> ChangeAsync(int tenantId, int id, DestinationWish wish, string who, CancellationToken cancel)
    {
        for (var attempt = 1; ; attempt++)
        {
            using var connection = db.Open();
            var (row, config, locked) = Read(connection, tenantId, id);
            if (row is null) return new DestinationAnswer.Unknown();
            if (wish.Revision is { } expected && expected != row.Revision) return new DestinationAnswer.Outdated(row.Revision);
            var (draft, wrong) = await wishes.DraftAsync(tenantId, row, config, locked, wish, cancel);
            if (draft is null) return new DestinationAnswer.Refused(wrong!.Field, wrong.Message);
            if (NeedsTooManyApps(tenantId, draft.Apps)) return new DestinationAnswer.Refused("apps", Apps.TooMany);
            var served = IdsOf(tenantId, draft.Apps);
            using var transaction = connection.BeginTransaction(deferred: false);
            var now = DestinationRow.Find(connection, transaction, tenantId, id);
            if (now is null) return new DestinationAnswer.Unknown();
            if (now.Revision != row.Revision)
            {
                if (attempt == MostAttempts) return new DestinationAnswer.Outdated(now.Revision);
                continue;
            }

            // Sealed ones as they are by now: a rotation of keys changes them without a revision.
            var wanted = draft.Config is null ? draft.Row with { Secrets = now.Secrets, DataKey = now.DataKey } : draft.Row;
            return Save(connection, transaction, draft, wanted, served, who, "update destination");
        }
    }

    private long Now => Timestamp.From(time.GetUtcNow()).UnixNanoseconds;

    private (DestinationRow? Row, JsonObject? Config, string? Locked) Read(SqliteConnection connection, int tenantId, int id)
    {
        using var transaction = connection.BeginTransaction(deferred: true);
        if (DestinationRow.Find(connection, transaction, tenantId, id) is not { } row) return default;
        if (kinds.Of(row.Kind) is UnknownKind unknown) return (row, null, unknown.Problem);
        var (config, locked) = SealedConfigs.Open(vault, connection, transaction, row);
        return (row, config, locked);
    }

    private DestinationAnswer Save(SqliteConnection connection, SqliteTransaction transaction, DestinationDraft draft, DestinationRow row, IReadOnlyList<int>? served, string who, string what)
    {
        if (row.Id == 0) db.Given.Raise(connection, transaction);
        var id = (row with { Updated = Now }).Put(connection, transaction);
        var secrets = draft.Config is null ? null : ConfigParts.Split(draft.Kind.Fields, draft.Config).Secrets;
        if (secrets is { Count: > 0 })
        {
            // Sealed for its own number, which a new one has only now.
            switch (vault.Seal(connection, transaction, (int)row.Tenant, id, JsonSerializer.SerializeToUtf8Bytes<JsonNode>(secrets)))
            {
                case SealAnswer.Impossible impossible:
                    return new DestinationAnswer.Refused("config", "Secrets cannot be kept: " + impossible.Problem);
                case SealAnswer.Done done:
                    connection.Execute("UPDATE destinations SET secrets = @Box, data_key = @DataKey WHERE id = @id", new { done.Box, done.DataKey, id }, transaction);
                    break;
            }
        }

        if (served is not null) DestinationRow.PutApps(connection, transaction, id, row.AllApps, served);
        SecretVault.Sweep(connection, transaction, (int)row.Tenant);
        Audit(connection, transaction, row with { Id = id }, who, what, draft.Changed);
        var view = View(connection, transaction, (int)row.Tenant, (int)id)!;
        transaction.Commit();
        db.Given.Keep(connection);
        directory.Changed();
        return new DestinationAnswer.Done(view, draft.Warnings);
    }

    private DestinationAnswer Switch(int tenantId, int id, bool paused, string who)
    {
        using var connection = db.Open();
        using var transaction = connection.BeginTransaction(deferred: false);
        if (DestinationRow.Find(connection, transaction, tenantId, id) is not { } row) return new DestinationAnswer.Unknown();
        if (row.Paused != paused)
        {
            (row with { Paused = paused, Revision = row.Revision + 1, Updated = Now }).Put(connection, transaction);
            Audit(connection, transaction, row, who, paused ? "pause destination" : "resume destination", []);
        }

        var view = View(connection, transaction, tenantId, id)!;
        transaction.Commit();
        directory.Changed();
        return new DestinationAnswer.Done(view, []);
    }

    private bool NeedsTooManyApps(int tenantId, IReadOnlyList<string>? names) => names?.Any(name => apps.Find(tenantId, name) is null) == true && apps.IsFull(tenantId);

    // Before the transaction: a new app is one of its own.
    private List<int>? IdsOf(int tenantId, IReadOnlyList<string>? names) => names is null ? null : [.. names.Select(name => (apps.Find(tenantId, name) ?? apps.Create(tenantId, name)).Id)];

    private DestinationView? View(SqliteConnection connection, SqliteTransaction transaction, int tenantId, int id) =>
        DestinationRow.Find(connection, transaction, tenantId, id) is { } row ? ViewOf(connection, transaction, row, DestinationRow.Apps(connection, transaction, id)[id]) : null;

    private DestinationView ViewOf(SqliteConnection connection, SqliteTransaction transaction, DestinationRow row, IEnumerable<int> served)
    {
        var kind = kinds.Of(row.Kind);
        string[] names = [.. served.Select(apps.NameOf).Order(StringComparer.Ordinal)];
        return new DestinationView
        {
            Id = (int)row.Id,
            TenantId = (int)row.Tenant,
            Revision = row.Revision,
            Name = row.Name,
            Kind = row.Kind,
            Config = ConfigParts.ToView(kind.Fields, row.ConfigInClear()),
            ConfigSet = DestinationRow.ListOf(row.SecretFields),
            Apps = row.AllApps ? ["*"] : names,
            ExceptApps = row.AllApps ? names : [],
            Filter = row.Filter,
            SampleRate = row.SampleRate,
            KeepErrors = row.KeepErrors,
            Mask = DestinationRow.ListOf(row.Mask),
            Signals = DestinationRow.ListOf(row.Signals),
            Enabled = row.Enabled,
            Paused = row.Paused,
            Start = row.StartOf(),
            CreatedAt = new Timestamp(row.Created),
            UpdatedAt = new Timestamp(row.Updated),
            Locked = kind is UnknownKind unknown ? unknown.Problem : SealedConfigs.Open(vault, connection, transaction, row).Locked,
        };
    }

    private void Audit(SqliteConnection connection, SqliteTransaction transaction, DestinationRow row, string who, string what, IReadOnlyList<string> changed) => connection.Execute(
        "INSERT INTO audit (time, tenant, who, what, detail) VALUES (@Now, @Tenant, @who, @what, @detail)",
        new { Now, row.Tenant, who, what, detail = JsonSerializer.Serialize(new ChangeDetail(row.Id, row.Name, row.Kind, changed), DeskJson.Default.ChangeDetail) }, transaction);
}
