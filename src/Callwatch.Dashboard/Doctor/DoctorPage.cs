using Callwatch.Dashboard.Frame;
using Callwatch.Diagnose;
using Microsoft.AspNetCore.Http;

namespace Callwatch.Dashboard.Doctor;

/// <summary>What the doctor has found.</summary>
/// <param name="Whole">Whether the instance was looked at, and not just what the tenant is sent.</param>
public sealed record DoctorModel(IReadOnlyList<Finding> Findings, bool Whole)
{
    /// <summary>Why a test trace was not taken.</summary>
    public string? Trouble { get; init; }
}

/// <summary>What is wrong, and what to do: all of the instance for operators, what a tenant is sent for its own people.</summary>
internal static class DoctorPage
{
    public static async Task<IResult> GetAsync(Visit visit, DoctorOfItself doctor, CancellationToken cancel)
    {
        var model = await ExamineAsync(visit, doctor, cancel);
        return visit.Part == "hands" ? visit.Render<HandsNeeded>((nameof(HandsNeeded.Model), model)) : visit.Render<DoctorScreen>((nameof(DoctorScreen.Model), model));
    }

    /// <summary>Sends a marked trace, and leads to the page that follows it.</summary>
    public static async Task<IResult> TestAsync(HttpContext http, Visit visit, TestTraces traces, DoctorOfItself doctor, CancellationToken cancel)
    {
        var sent = await traces.SendAsync(visit.Scope.TenantId, cancel);
        return sent.Trouble is null
            ? Posts.GoTo(http, visit, visit.Place.On(Place.FindTrace).With("id", sent.TraceId.ToString()))
            : visit.Render<DoctorScreen>(StatusCodes.Status503ServiceUnavailable, (nameof(DoctorScreen.Model), await ExamineAsync(visit, doctor, cancel) with { Trouble = sent.Trouble }));
    }

    // Reading files takes a thread for as long as it lasts.
    private static async Task<DoctorModel> ExamineAsync(Visit visit, DoctorOfItself doctor, CancellationToken cancel) => visit.MayOperate
        ? new DoctorModel(await Task.Run(() => doctor.ExamineAsync(deep: false, visit.Scope, cancel), cancel), true)
        : new DoctorModel(await doctor.ExamineTenantAsync(visit.Scope, cancel), false);
}
