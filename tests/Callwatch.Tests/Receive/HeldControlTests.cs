using System.IO.Pipelines;
using Callwatch.Control;
using Callwatch.Journal;
using Callwatch.Journal.Writing;
using Callwatch.Media;
using Callwatch.Receive;
using Callwatch.Telemetry;
using Callwatch.Testing;
using Microsoft.Data.Sqlite;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;
using Xunit;

namespace Callwatch.Tests.Receive;

public sealed class HeldControlTests
{
    // Exporters come again after 503, and drop what is answered 500.
    [Fact]
    public async Task A_new_app_is_asked_to_come_again_while_another_program_holds_control_db()
    {
        using var folder = new TempFolder();
        var (journal, counters, apps, time) = (new InMemoryJournal(), new Counters(), new HeldApps(), new ManualTime());
        using var media = new MediaFolder(folder.Path, DiskFiles.Instance, () => true, time, NullLogger.Instance);
        var intake = new Intake(journal, media, apps, counters, Options.Create(new ReceiveOptions()), Options.Create(new MediaOptions()), time);
        var refused = Assert.IsType<IntakeResult.Unavailable>(await SendAsync(intake));
        Assert.Equal((Reason.JournalUnavailable, 1L), (refused.Reason, counters.Total(Reason.JournalUnavailable)));
        Assert.Equal((0L, 0L), (journal.Head.Number, intake.InFlightBytes));

        apps.IsHeld = false;
        Assert.IsType<IntakeResult.Accepted>(await SendAsync(intake));
        Assert.Equal(1, journal.Head.Number);
    }

    private static Task<IntakeResult> SendAsync(Intake intake)
    {
        var body = A.Traces(A.Span("chat"));
        var request = new IntakeRequest
        {
            Signal = Signal.Traces,
            Format = OtlpFormat.Protobuf,
            Sender = new Sender(1, null, MayNameApp: true, 0),
            Body = PipeReader.Create(new MemoryStream(body)),
            Length = body.Length,
        };
        return intake.TakeAsync(request, TestContext.Current.CancellationToken);
    }

    private sealed class HeldApps : IAppDirectory
    {
        public bool IsHeld { get; set; } = true;

        public int AppIdOf(int tenantId, string name) => IsHeld ? throw new SqliteException("database is locked", 5) : 1;
    }
}
