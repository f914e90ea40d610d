using System.Globalization;
using System.Text.Json.Nodes;
using Callwatch.Spans;
using Dapper;
using Microsoft.Data.Sqlite;

namespace Callwatch.Control;

/// <summary>A list that somebody has saved: a page and its address's state, by name.</summary>
/// <param name="Query">As in the address (<see cref="ViewQuery"/>).</param>
public sealed record SavedView(long Id, string Page, string Name, string Query, string Who, Timestamp Created, Timestamp Updated);

/// <summary>What a view shall be; null leaves it as it is.</summary>
public sealed record ViewWish(string? Name, string? Page, string? Query);

/// <summary>How a wish for a view ended.</summary>
public abstract record ViewAnswer
{
    private ViewAnswer()
    {
    }

    public sealed record Done(SavedView View) : ViewAnswer;

    /// <summary>The field that is wrong, and what would be right.</summary>
    public sealed record Refused(string Field, string Message) : ViewAnswer;

    /// <summary>The page has a view of that name.</summary>
    public sealed record Taken : ViewAnswer;

    /// <summary>The tenant has as many as it may.</summary>
    public sealed record Full(int Most) : ViewAnswer;

    public sealed record Unknown : ViewAnswer;
}

/// <summary>The saved views of every tenant, all of which share them. Who may see one app only sees those that are about that app alone.</summary>
public sealed class Views(ControlDb db, TimeProvider time)
{
    public const int MostPerTenant = 500, MostNameCharacters = 80;

    private const string Columns = "id, page, name, query, who, created, updated";

    private const int NameTaken = SQLitePCL.raw.SQLITE_CONSTRAINT;

    /// <summary>By page and name.</summary>
    /// <param name="onlyApp">The one app that may be seen; null for all.</param>
    /// <param name="page">Null for all pages.</param>
    public IReadOnlyList<SavedView> List(int tenantId, string? onlyApp, string? page = null)
    {
        using var connection = db.Open();
        return
        [
            .. connection.Query<Row>($"SELECT {Columns} FROM views WHERE tenant = @tenantId AND page = coalesce(@page, page) ORDER BY page, name COLLATE NOCASE, id", new { tenantId, page })
                .Select(row => row.ToView()).Where(view => MaySee(view, onlyApp)),
        ];
    }

    public SavedView? Find(int tenantId, string? onlyApp, long id)
    {
        using var connection = db.Open();
        return Find(connection, null, tenantId, id) is { } view && MaySee(view, onlyApp) ? view : null;
    }

    public ViewAnswer Create(int tenantId, ViewWish wish, string who)
    {
        if (Legal(wish with { Query = wish.Query ?? "" }, isNew: true, out var refused) is not { } legal) return refused!;
        using var connection = db.Open();
        using var transaction = connection.BeginTransaction();
        if (connection.ExecuteScalar<long>("SELECT count(*) FROM views WHERE tenant = @tenantId", new { tenantId }, transaction) >= MostPerTenant) return new ViewAnswer.Full(MostPerTenant);
        var now = Now;
        try
        {
            var id = connection.ExecuteScalar<long>(
                "INSERT INTO views (tenant, page, name, query, who, created, updated) VALUES (@tenantId, @Page, @Name, @Query, @who, @now, @now) RETURNING id",
                new { tenantId, legal.Page, legal.Name, legal.Query, who, now },
                transaction);
            AuditLog.Add(connection, transaction, time, tenantId, who, "make view", Told(id, legal));
            transaction.Commit();
            return new ViewAnswer.Done(Find(connection, null, tenantId, id)!);
        }
        catch (SqliteException e) when (e.SqliteErrorCode == NameTaken)
        {
            return new ViewAnswer.Taken();
        }
    }

    /// <summary>What the wish leaves out stays.</summary>
    public ViewAnswer Change(int tenantId, long id, ViewWish wish, string who)
    {
        if (Legal(wish, isNew: false, out var refused) is not { } legal) return refused!;
        using var connection = db.Open();
        using var transaction = connection.BeginTransaction();
        if (Find(connection, transaction, tenantId, id) is null) return new ViewAnswer.Unknown();
        try
        {
            connection.Execute(
                "UPDATE views SET page = coalesce(@Page, page), name = coalesce(@Name, name), query = coalesce(@Query, query), who = @who, updated = @now WHERE id = @id",
                new { legal.Page, legal.Name, legal.Query, who, now = Now, id },
                transaction);
            AuditLog.Add(connection, transaction, time, tenantId, who, "change view", Told(id, legal));
            transaction.Commit();
            return new ViewAnswer.Done(Find(connection, null, tenantId, id)!);
        }
        catch (SqliteException e) when (e.SqliteErrorCode == NameTaken)
        {
            return new ViewAnswer.Taken();
        }
    }

    /// <summary>False when the tenant has no such view.</summary>
    public bool Delete(int tenantId, long id, string who)
    {
        using var connection = db.Open();
        using var transaction = connection.BeginTransaction();
        if (Find(connection, transaction, tenantId, id) is not { } view) return false;
        connection.Execute("DELETE FROM views WHERE id = @id", new { id }, transaction);
        AuditLog.Add(connection, transaction, time, tenantId, who, "delete view", Told(id, new ViewWish(view.Name, view.Page, view.Query)));
        transaction.Commit();
        return true;
    }

    private long Now => Timestamp.From(time.GetUtcNow()).UnixNanoseconds;

    private static ViewWish? Legal(ViewWish wish, bool isNew, out ViewAnswer.Refused? refused)
    {
        refused = null;
        var name = wish.Name?.Trim();
        if ((isNew || name is not null) && name is not { Length: > 0 and <= MostNameCharacters }) refused = new("name", $"A name has 1 to {MostNameCharacters.ToString(CultureInfo.InvariantCulture)} characters.");
        else if (name?.Any(char.IsControl) == true) refused = new("name", "A name has no control characters.");
        else if ((isNew || wish.Page is not null) && !ViewQuery.Pages.Contains(wish.Page ?? "", StringComparer.Ordinal)) refused = new("page", $"The page is one of {string.Join(", ", ViewQuery.Pages)}.");
        if (refused is not null) return null;
        if (wish.Query is null) return wish with { Name = name };
        var (query, wrong) = ViewQuery.Read(wish.Query);
        if (wrong is null) return wish with { Name = name, Query = query };
        refused = new("query", wrong);
        return null;
    }

    private static bool MaySee(SavedView view, string? onlyApp) => onlyApp is null || (ViewQuery.AppsOf(view.Query) is [var app] && app == onlyApp);

    private static SavedView? Find(SqliteConnection connection, SqliteTransaction? transaction, int tenantId, long id) =>
        connection.QueryFirstOrDefault<Row>($"SELECT {Columns} FROM views WHERE id = @id AND tenant = @tenantId", new { id, tenantId }, transaction)?.ToView();

    private static JsonObject Told(long id, ViewWish view) => new() { ["view"] = id, ["page"] = view.Page, ["name"] = view.Name, ["query"] = view.Query };

    private sealed record Row
    {
        public required long Id { get; init; }

        public required string Page { get; init; }

        public required string Name { get; init; }

        public required string Query { get; init; }

        public required string Who { get; init; }

        public required long Created { get; init; }

        public required long Updated { get; init; }

        public SavedView ToView() => new(Id, Page, Name, Query, Who, new Timestamp(Created), new Timestamp(Updated));
    }
}
