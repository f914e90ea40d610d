using Callwatch.Control.Secrets;
using Callwatch.Diagnose.Comparing;
using Callwatch.Forward;
using Callwatch.Forward.Desk;
using Callwatch.Journal;
using Callwatch.Query;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;

namespace Callwatch.Diagnose;

public static class DiagnoseServices
{
    public static IServiceCollection AddDiagnose(this IServiceCollection services)
    {
        services.AddSingleton<CompareQueries>();
        services.AddSingleton<CompareExamples>();
        services.AddSingleton<PathSamples>();
        services.AddSingleton<UnknownSpans>();
        services.AddSingleton<DataDoctor>();
        services.AddSingleton<TestTraces>();
        return services.AddSingleton(provider => new DoctorOfItself(
            (deep, cancel) => Doctor.ExamineAsync(
                provider.GetRequiredService<DataFolder>().Path, provider.GetRequiredService<SegmentJournal>(), provider.GetServices<IJournalReader>(), provider.GetRequiredService<ICursors>(),
                provider.GetRequiredService<SystemQueries>(), provider.GetRequiredService<IOptions<SecretsOptions>>().Value, deep, provider.GetRequiredService<TimeProvider>(), cancel),
            provider.GetServices<IHostCheck>(), provider.GetRequiredService<IDestinationDirectory>(), provider.GetRequiredService<IDestinationDesk>(), provider.GetRequiredService<DataDoctor>()));
    }
}
