using Callwatch.Control;
using Callwatch.Telemetry;
using Callwatch.Testing;

namespace Callwatch.Tests.Control;

/// <summary>Control data in a folder of the test's own; open it twice to act as two processes.</summary>
internal sealed class ControlFolder : IDisposable
{
    private readonly List<ControlDb> opened = [];

    public TempFolder Folder { get; } = new();

    public Counters Counters { get; } = new();

    public ManualTime Time { get; } = new();

    public ControlOptions Options { get; } = new();

    public Process Open()
    {
        var db = new ControlDb(Folder.At("control.db"));
        opened.Add(db);
        var keys = new Keys(db, Time);
        return new Process(
            db, new Tenants(db, Time), new Apps(db, Time, Counters, Microsoft.Extensions.Options.Options.Create(Options)), keys, new FirstStart(db, keys, Time));
    }

    /// <summary>Opened and past its first start.</summary>
    public Process Started()
    {
        var process = Open();
        process.FirstStart.Ensure(Folder.Path, givenAdminKey: null);
        return process;
    }

    public void Dispose()
    {
        opened.ForEach(db => db.Dispose());
        Folder.Dispose();
    }

    public sealed record Process(ControlDb Db, Tenants Tenants, Apps Apps, Keys Keys, FirstStart FirstStart);
}
