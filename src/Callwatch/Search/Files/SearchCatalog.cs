using System.Collections.Immutable;
using System.Globalization;
using Callwatch.Journal;
using Callwatch.Store.Sqlite;
using Microsoft.Data.Sqlite;

namespace Callwatch.Search.Files;

/// <summary>Which records the index holds of a day.</summary>
/// <param name="Began">The first.</param>
/// <param name="Through">The last; 0 when none is.</param>
internal readonly record struct Coverage(long Began, long Through)
{
    public static readonly Coverage Nothing = new(1, 0);

    public bool Covers(long number) => number >= Began && number <= Through;
}

/// <summary>
/// The table of contents, <c>catalog.db</c>: files, and the journal position after which reading resumes. Committed after the files, so that it
/// never claims what they do not hold. Written by the index's thread only; what is published may be read by anybody.
/// </summary>
internal sealed class SearchCatalog : IDisposable
{
    private readonly string folder;
    private readonly SqliteConnection connection;
    private readonly Dictionary<string, SearchFile> files = [];

    public SearchCatalog(string folder)
    {
        this.folder = folder;
        var file = Path.Combine(folder, "catalog.db");
        try
        {
            connection = OpenAndRead(file);
        }
        catch (Exception e) when (SearchFaults.IsBeyondUse(file, e))
        {
            // What it said of the files they say themselves, and reading begins again, which adds nothing twice.
            SearchFolder.SetAside(file);
            LostAtStart.Add(Path.GetFileName(file));
            files.Clear();
            (Position, Began, Through, Rebuilt) = (null, 1, 0, ImmutableDictionary<DateOnly, long>.Empty);
            connection = OpenAndRead(file);
        }

        try
        {
            CompareWith();
            Published = State();
        }
        catch
        {
            connection.Dispose();
            throw;
        }
    }

    /// <summary>Files that were set aside, or had vanished, when the index was opened.</summary>
    public List<string> LostAtStart { get; } = [];

    /// <summary>Days of which something was lost then: for each, reading has to begin again.</summary>
    public HashSet<DateOnly> LostDays { get; } = [];

    /// <param name="Files">Newest first.</param>
    /// <param name="Position">Null when nothing was ever read.</param>
    /// <param name="Attempt">How often reading has begun again since the start.</param>
    internal sealed record Contents(ImmutableArray<SearchFile> Files, Position? Position, long Began, long Through, ImmutableDictionary<DateOnly, long> Rebuilt, int Attempt)
    {
        /// <summary>Days whose file was lost, with the first record that is indexed of them: what came before cannot be found by its text any more, or is being read again.</summary>
        public IEnumerable<(DateOnly Day, long From)> LeftOut => Rebuilt.Where(day => Through > 0 || day.Value > 1).Select(day => (day.Key, day.Value)).OrderBy(day => day.Key);

        public bool LacksSomeOf(DateOnly day) => Rebuilt.TryGetValue(day, out var began) && (Through > 0 || began > 1);

        public Coverage Of(DateOnly day)
        {
            if (Position is not { } position) return Coverage.Nothing;
            return Rebuilt.TryGetValue(day, out var began) ? new Coverage(began, position.Number) : new Coverage(Began, Math.Max(position.Number, Through));
        }
    }

    public Contents Published { get; private set => Volatile.Write(ref field, value); } = new([], null, 1, 0, ImmutableDictionary<DateOnly, long>.Empty, 0);

    private int Attempt { get; set; }

    private Position? Position { get; set; }

    private long Began { get; set; } = 1;

    private long Through { get; set; }

    private ImmutableDictionary<DateOnly, long> Rebuilt { get; set; } = ImmutableDictionary<DateOnly, long>.Empty;

    /// <summary>The highest record that anything here is of.</summary>
    public long HighestNumber => files.Values.Select(file => file.Applied).Append(Position?.Number ?? 0).Append(Through).Max();

    /// <summary>A person has chosen to go on behind another record than the one it stood at.</summary>
    public void MoveTo(Position place)
    {
        (Position, Through) = (place, 0);
        WritePlace();
        Published = State();
    }

    /// <summary>The first reading of a new index begins behind this.</summary>
    public void Begin(Position before)
    {
        (Position, Began) = (before, before.Number + 1);
        WritePlace();
        Published = State();
    }

    /// <summary>In one transaction what a batch has changed.</summary>
    public void Commit(long number, IEnumerable<SearchFile> touched)
    {
        using var transaction = connection.BeginTransaction();
        foreach (var file in touched) Write(file);
        Position = Position!.Value with { Number = number };
        if (number >= Through) Through = 0;
        WritePlace();
        transaction.Commit();
        Published = State();
    }

    /// <summary>Before a new file is made, so that a batch that fails and is tried again finds it.</summary>
    public void Add(SearchFile file)
    {
        Write(file);
        Published = State();
    }

    public void Remove(SearchFile file)
    {
        Forget(file);
        Published = State();
    }

    /// <summary>
    /// A day's files are gone: reading begins again at the journal's first record, for that day alone, because the other files know what they have.
    /// </summary>
    /// <param name="completeFrom">Between the first record and this one the journal lacks some.</param>
    /// <param name="isWhole">Whether the journal has all of the day, so that the index will.</param>
    public void BeginAgain(DateOnly day, long first, long completeFrom, bool isWhole)
    {
        // A journal that begins anew has none of what was indexed before, whatever its first number is.
        var began = isWhole ? 1 : first > 1 ? Math.Max(first, completeFrom) : HighestNumber + 1;
        using var transaction = connection.BeginTransaction();
        foreach (var file in files.Values.Where(file => file.Day == day).ToList()) Forget(file);
        Run("INSERT OR REPLACE INTO rebuilt (day, began) VALUES ($day, $began)", ("$day", day.DayNumber), ("$began", began));
        Rebuilt = Rebuilt.SetItem(day, began);
        if (Position is { } position)
        {
            Through = Math.Max(Through, position.Number);
            Position = position with { Number = Math.Min(position.Number, first - 1) };
            WritePlace();
        }

        transaction.Commit();
        Attempt++;
        Published = State();
    }

    public void Dispose() => connection.Dispose();

    private SqliteConnection OpenAndRead(string file)
    {
        var opened = SearchDatabase.Open(file, "catalog");
        try
        {
            Read(opened);
            return opened;
        }
        catch
        {
            opened.Dispose();
            throw;
        }
    }

    private Contents State() => new(
        [.. files.Values.OrderByDescending(file => file.Day).ThenByDescending(file => file.Sequence)], Position, Began, Through, Rebuilt, Attempt);

    private void Read(SqliteConnection from)
    {
        using (var command = Command(from, "SELECT file, day, sequence, documents, applied FROM files"))
        using (var row = command.ExecuteReader())
        {
            while (row.Read())
            {
                var file = new SearchFile(row.GetString(0), DateOnly.FromDayNumber(row.GetInt32(1)), row.GetInt32(2), row.GetInt64(3), row.GetInt64(4));
                files.Add(file.Name, file);
            }
        }

        using (var command = Command(from, "SELECT day, began FROM rebuilt"))
        using (var row = command.ExecuteReader())
        {
            while (row.Read()) Rebuilt = Rebuilt.SetItem(DateOnly.FromDayNumber(row.GetInt32(0)), row.GetInt64(1));
        }

        using (var command = Command(from, "SELECT epoch, number, began, through FROM place"))
        using (var row = command.ExecuteReader())
        {
            if (!row.Read()) return;
            Position = new Position(Guid.Parse(row.GetString(0), CultureInfo.InvariantCulture), row.GetInt64(1));
            (Began, Through) = (row.GetInt64(2), row.GetInt64(3));
        }
    }

    // A file may know more than the catalog, after a crash between their commits, or less, after a power cut: reading goes back to what it knows.
    private void CompareWith()
    {
        var resume = Position?.Number ?? 0;
        foreach (var unmade in files.Values.Where(file => file.Applied == 0 && !Path.Exists(Path.Combine(folder, file.Name))).ToList()) Forget(unmade);
        var lost = files.Values.Where(file => !File.Exists(Path.Combine(folder, file.Name))).Select(file => file.Name).ToHashSet(StringComparer.Ordinal);
        foreach (var path in Directory.EnumerateFiles(folder, "*.db"))
        {
            if (SearchFile.Named(Path.GetFileName(path)) is not { } named) continue;
            var known = files.GetValueOrDefault(named.Name);
            var (found, isLost) = Inspect(path, known ?? named);
            if (isLost) lost.Add(named.Name);
            if (found is null) continue;
            // A power cut took all of it, or somebody has emptied it.
            if (known is { Applied: > 0 } && found is { Applied: 0, Documents: 0 })
            {
                LostDays.Add(named.Day);
                continue;
            }

            if (known is not null && found.Applied < known.Applied) resume = Math.Min(resume, found.Applied);
            if (found != known) Write(found);
        }

        // What the journal has of such a day is indexed again, into files that are new.
        foreach (var name in lost)
        {
            SearchFolder.SetAside(Path.Combine(folder, name));
            LostDays.Add(SearchFile.Named(name)!.Day);
        }

        LostAtStart.AddRange(lost.Order(StringComparer.Ordinal));
        foreach (var other in files.Values.Where(file => LostDays.Contains(file.Day))) SearchFolder.Delete(Path.Combine(folder, other.Name));

        if (Position is not { } position || resume >= position.Number) return;
        Position = position with { Number = resume };
        WritePlace();
    }

    // Nothing of a file that cannot be read at this moment: whoever writes to it or reads it next finds out.
    private static (SearchFile? Found, bool IsLost) Inspect(string path, SearchFile file)
    {
        try
        {
            using var connection = StoreDatabase.OpenAtRest(path);
            if (StoreDatabase.SchemaOf(connection) == 0) return (file with { Documents = 0, Applied = 0 }, false);
            return (file with
            {
                Documents = StoreDatabase.Number(connection, "SELECT max(id) FROM docs") ?? 0,
                Applied = StoreDatabase.Number(connection, "SELECT value FROM meta WHERE key = 'applied'") ?? 0,
            }, false);
        }
        catch (SqliteException e)
        {
            return (null, SearchFaults.IsBeyondUse(path, e));
        }
    }

    private void Forget(SearchFile file)
    {
        Run("DELETE FROM files WHERE file = $file", ("$file", file.Name));
        files.Remove(file.Name);
    }

    private void Write(SearchFile file)
    {
        Run(
            """
            INSERT INTO files (file, day, sequence, documents, applied) VALUES ($file, $day, $sequence, $documents, $applied)
            ON CONFLICT (file) DO UPDATE SET documents = excluded.documents, applied = excluded.applied
            """,
            ("$file", file.Name), ("$day", file.Day.DayNumber), ("$sequence", file.Sequence), ("$documents", file.Documents), ("$applied", file.Applied));
        files[file.Name] = file;
    }

    private void WritePlace() => Run(
        "INSERT OR REPLACE INTO place (id, epoch, number, began, through) VALUES (1, $epoch, $number, $began, $through)",
        ("$epoch", Position!.Value.Epoch.ToString()), ("$number", Position.Value.Number), ("$began", Began), ("$through", Through));

    private void Run(string sql, params ReadOnlySpan<(string Name, object Value)> parameters)
    {
        using var command = Command(connection, sql);
        foreach (var (name, value) in parameters) command.Parameters.AddWithValue(name, value);
        command.ExecuteNonQuery();
    }

    private static SqliteCommand Command(SqliteConnection on, string sql)
    {
        var command = on.CreateCommand();
        command.CommandText = sql;
        return command;
    }
}
